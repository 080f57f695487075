package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"google.golang.org/protobuf/proto"

	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// mergeLook is what somebody looks at before two members become one.
type mergeLook struct {
	wanted  bool
	members []*loyaltyv1.Member
}

// look shows both members as they are before a merge, if the request is about a look: it asks for one, or brings along the etag of an earlier one.
func (s *Server) look(ctx context.Context, u *book.Unit, req *loyaltyv1.MergeMembersRequest, rows [2]store.Row[tables.Member], profiles [2]tables.Profile) (mergeLook, error) {
	l := mergeLook{wanted: req.GetValidateOnly() || req.GetEtag() != ""}
	for i := 0; l.wanted && i < len(rows); i++ {
		m, err := s.shownMember(ctx, u.Tx, rows[i], profiles[i])
		if err != nil {
			return l, err
		}
		for _, a := range m.GetAccounts() {
			a.Head = "" // what is due and not written down yet is counted among the entries, and has no hash
		}
		l.members = append(l.members, m)
	}
	return l, nil
}

// agree refuses a merge that is based on another look than this one, which ends with what becomes of both, and gives the answer to a trial its etag. Whatever was written
// to an account in between changes the number of its entries.
func (l mergeLook) agree(req *loyaltyv1.MergeMembersRequest, then *loyaltyv1.Member) error {
	if !l.wanted {
		return nil
	}
	last := proto.CloneOf(then)
	last.Etag = ""
	sum := sha256.New()
	for _, m := range append(l.members, last) {
		text, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
		if err != nil {
			return err
		}
		part := sha256.Sum256(text)
		sum.Write(part[:])
	}
	now := `"` + hex.EncodeToString(sum.Sum(nil)[:16]) + `"`
	if given := req.GetEtag(); given != "" && given != "*" && given != now {
		return fault.EtagMismatch.New("Something of the two members has changed since you looked. Look at what would become of them now.")
	}
	if req.GetValidateOnly() {
		then.Etag = now
	}
	return nil
}
