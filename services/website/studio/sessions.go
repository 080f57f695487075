package studio

import (
	"net/http"
	"time"

	partnersv1 "renown.example/proto/gen/renown/partners/v1"
	"renown.example/website/web"
)

// openSession is one of the employee's own sessions.
type openSession struct {
	*partnersv1.Session
	Since, Until time.Time
}

// sessions lists where the employee is signed in, so that a forgotten browser can be signed out from here.
func (v *visit) sessions() error {
	list, err := partnersv1.NewSessionsServiceClient(v.conn).ListSessions(v.ctx(), &partnersv1.ListSessionsRequest{})
	if err != nil {
		return err
	}
	var rows []openSession
	for _, s := range list.GetSessions() {
		rows = append(rows, openSession{s, s.GetCreateTime().AsTime(), s.GetExpireTime().AsTime()})
	}
	v.show(http.StatusOK, "sessions", &web.View{Title: "Your sessions", Section: "sessions", Data: map[string]any{"Rows": rows, "Form": newForm(nil, nil)}})
	return nil
}

func (v *visit) endSession() error {
	if _, err := partnersv1.NewSessionsServiceClient(v.conn).RevokeSession(v.ctx(), &partnersv1.RevokeSessionRequest{Session: v.r.PathValue("session")}); err != nil {
		return err
	}
	return v.done("/studio/sessions", "session")
}
