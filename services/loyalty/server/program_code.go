package server

import (
	"context"
	"slices"

	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// documentSchema is the version of the form of a programme's document.
const documentSchema = 1

func documentOf(p tables.Program) *loyaltyv1.ProgramDocument {
	out := &loyaltyv1.ProgramDocument{Schema: documentSchema, DisplayName: p.DisplayName, TimeZone: p.TimeZone, Currency: p.Currency}
	out.Wallets = programProto("", 0, p).GetWallets()
	return out
}

// ExportProgram returns what a programme is set up as.
func (s *Server) ExportProgram(ctx context.Context, req *loyaltyv1.ExportProgramRequest) (*loyaltyv1.ExportProgramResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.ExportProgramResponse, error) {
		row, err := program(ctx, tx, req.GetProgram())
		if err != nil {
			return nil, err
		}
		return &loyaltyv1.ExportProgramResponse{Document: documentOf(row.Value)}, nil
	})
}

// ImportProgram sets a programme up as a document says.
func (s *Server) ImportProgram(ctx context.Context, req *loyaltyv1.ImportProgramRequest) (*loyaltyv1.ImportProgramResponse, error) {
	d := req.GetDocument()
	if _, err := zone(d.GetTimeZone()); err != nil {
		return nil, fault.Invalid("document.timeZone", "%q is no IANA time zone such as Europe/Berlin", d.GetTimeZone())
	}
	if _, err := wallets(d.GetWallets()); err != nil {
		return nil, err
	}
	row, err := read(ctx, s, func(ctx context.Context, tx store.Reader) (store.Row[tables.Program], error) {
		return program(ctx, tx, req.GetProgram())
	})
	if store.IsNotFound(err) {
		return s.makeProgram(ctx, req)
	}
	if err != nil {
		return nil, err
	}
	return s.changeProgram(ctx, req, row)
}

func (s *Server) makeProgram(ctx context.Context, req *loyaltyv1.ImportProgramRequest) (*loyaltyv1.ImportProgramResponse, error) {
	resp := &loyaltyv1.ImportProgramResponse{Outcome: loyaltyv1.ImportOutcome_IMPORT_OUTCOME_CREATED}
	if req.GetValidateOnly() {
		return resp, nil
	}
	d := req.GetDocument()
	made, err := s.CreateProgram(ctx, &loyaltyv1.CreateProgramRequest{
		ProgramId: req.GetProgram(), DisplayName: d.GetDisplayName(), Wallets: d.GetWallets(), TimeZone: d.GetTimeZone(), Currency: d.GetCurrency(),
	})
	resp.Program = made.GetProgram()
	return resp, err
}

// changeProgram changes a programme, if it is still the one that was compared.
func (s *Server) changeProgram(ctx context.Context, req *loyaltyv1.ImportProgramRequest, row store.Row[tables.Program]) (*loyaltyv1.ImportProgramResponse, error) {
	d, is := req.GetDocument(), row.Value
	if d.GetCurrency() != is.Currency {
		return nil, fault.Invalid("document.currency", "the programme's is %s and never changes", is.Currency)
	}
	given, err := wallets(d.GetWallets())
	if err != nil {
		return nil, err
	}
	for _, w := range is.Wallets {
		if !slices.ContainsFunc(given, func(g tables.Wallet) bool { return g.ID == w.ID }) {
			return nil, fault.Invalid("document.wallets", "the wallet %q holds members' points and cannot be removed", w.ID)
		}
	}
	resp := &loyaltyv1.ImportProgramResponse{Outcome: loyaltyv1.ImportOutcome_IMPORT_OUTCOME_UNCHANGED, Program: programProto(row.ID, row.Version, is)}
	for _, c := range []struct {
		field string
		same  bool
	}{{"displayName", d.GetDisplayName() == is.DisplayName}, {"wallets", slices.Equal(given, is.Wallets)}, {"timeZone", d.GetTimeZone() == is.TimeZone}} {
		if !c.same {
			resp.Changes = append(resp.Changes, c.field)
		}
	}
	if len(resp.Changes) == 0 {
		return resp, nil
	}
	resp.Outcome = loyaltyv1.ImportOutcome_IMPORT_OUTCOME_UPDATED
	if req.GetValidateOnly() {
		return resp, nil
	}
	changed, err := s.UpdateProgram(ctx, &loyaltyv1.UpdateProgramRequest{
		Program: row.ID, DisplayName: d.GetDisplayName(), Wallets: d.GetWallets(), TimeZone: d.GetTimeZone(), Etag: etag(row.Version),
	})
	if err != nil {
		return nil, err
	}
	resp.Program = changed.GetProgram()
	return resp, nil
}
