package main

import (
	"fmt"
	"strings"

	"renown.example/deploy/browser"
)

// team is the programme that the camera fills itself: that of the customers may hold the demo's members.
const team = "/v1/programs/employees"

// loyalty takes the pages about points: a member's own, and those of the programme manager, with something in them.
func (s *session) loyalty() error {
	manager, err := s.chromium.Employee(s.platform, browser.Manager)
	if err != nil {
		return err
	}
	defer manager.Close()
	desk := s.platform.Website + "/studio/loyalty/employees"
	if err := s.all(manager.Page, "rules, none yet", desk+"/rules", "rewards, none yet", desk+"/rewards", "who comes back, nobody yet", desk+"/retention", "reviews, none", desk+"/reviews", "achievements, none yet", desk+"/achievements", "referrals, none yet", desk+"/referrals",
		"new programme", s.platform.Website+"/studio/loyalty/new"); err != nil {
		return err
	}
	if err := setUp(manager, desk); err != nil {
		return err
	}
	member, err := s.enrol()
	if err != nil {
		return err
	}
	link, err := s.platform.Partner("POST", member+":link", "{}")
	if err != nil {
		return err
	}
	visitor, err := s.chromium.Visitor()
	if err != nil {
		return err
	}
	defer visitor.Close()
	address := fmt.Sprint(link["url"])
	if err := s.all(visitor, "member", address, "member, German", address+"?lang=de", "member, redeem", address+"/rewards/sauna", "member, no link", s.platform.Website+"/points/none"); err != nil {
		return err
	}
	page := s.platform.Website + "/studio/loyalty/" + strings.TrimPrefix(member, "/v1/programs/")
	twin, err := s.platform.Partner("POST", team+"/members", `{"displayName":"T. Hallberg","identifiers":[{"kind":"IDENTIFIER_KIND_PHONE","value":"+4930901820"}],"tags":["fair"]}`)
	if err != nil {
		return err
	}
	other := fmt.Sprint(twin["name"])
	if _, err := s.platform.Partner("POST", "/v1/"+other+":adjust", `{"points":"350","reason":"For a talk"}`); err != nil {
		return err
	}
	return s.all(manager.Page, "what is owed", s.platform.Website+"/studio/loyalty?program=employees", "who comes back", desk+"/retention", "what if", desk+"/whatif", "rules", desk+"/rules", "a rule", desk+"/rules/each", "new rule", desk+"/rules/new",
		"tiers", desk+"/tiers", "new tiers", desk+"/tiers/new", "rewards", desk+"/rewards", "a reward", desk+"/rewards/sauna", "reviews", desk+"/reviews", "programme settings", desk+"/settings",
		"achievements", desk+"/achievements", "an achievement", desk+"/achievements/twice", "new achievement", desk+"/achievements/new", "referrals", desk+"/referrals",
		"member, in the studio", page, "an entry explained", page+"/entries/points-1",
		"two members become one", page+"/merge?with="+other[strings.LastIndex(other, "/")+1:], "erase a member", page+"/erase")
}

// setUp makes a rule, a reward and an achievement and says what is given for friends, by the pages for it.
func setUp(manager *browser.Employee, desk string) error {
	for _, form := range []struct {
		address string
		fields  []string
	}{
		{desk + "/rules/new", []string{"#display_name", "A point for each unit spent", "#rule_id", "each"}},
		{desk + "/rewards/new", []string{"#display_name", "An afternoon at the sauna", "#reward_id", "sauna", "#price-0-points", "150"}},
		{desk + "/achievements/new", []string{"#display_name", "Twice in a month", "#achievement_id", "twice", "#target", "2", "#points", "50"}},
		{desk + "/referrals", []string{"#referrer_points", "100", "#friend_points", "40", "#least_amount", "20"}},
	} {
		if err := manager.Go(form.address); err != nil {
			return err
		}
		for i := 0; i+1 < len(form.fields); i += 2 {
			if err := manager.Fill(form.fields[i], form.fields[i+1]); err != nil {
				return err
			}
		}
		if err := manager.Follow(func() error { return manager.Click(".form-end .button") }); err != nil {
			return err
		}
	}
	return nil
}

// enrol makes a member with a history and returns their address below the interface.
func (s *session) enrol() (string, error) {
	m, err := s.platform.Partner("POST", team+"/members", `{"displayName":"Tove Hallberg"}`)
	if err != nil {
		return "", err
	}
	member := "/v1/" + fmt.Sprint(m["name"])
	for _, call := range [][2]string{
		{member + "/orders", `{"order":{"orderId":"shots-1","lines":[{"id":"1","sku":"TEA","amount":"18990"},{"id":"2","sku":"POT","amount":"4550"}]}}`},
		{member + ":adjust", `{"points":"120","reason":"For the stand at the fair"}`},
		{team + "/orders/shots-1:return", `{"returnId":"r1","lines":[{"line":"2"}]}`},
		{member + ":adjust", `{"points":"-20","reason":"Entered twice"}`},
		{member + "/orders", `{"order":{"orderId":"shots-2","lines":[{"id":"1","sku":"TEA","amount":"7000"}]}}`},
		{member + ":freeze", `{"lots":["3"],"reason":"Two orders from one address within a minute"}`},
	} {
		if _, err := s.platform.Partner("POST", call[0], call[1]); err != nil {
			return "", err
		}
	}
	return member, nil
}
