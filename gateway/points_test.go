package gateway_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// shop is a programme over REST, with a member who has points, an order and a reward to spend them on.
type shop struct {
	*world
	as, member string
}

func newShop(t *testing.T) *shop {
	t.Helper()
	w, provider := newRealWorld(t)
	s := &shop{world: w, as: w.signIn(provider, "marta", "manager")}
	s.done(t, "enrol", "/members", `{"displayName":"Ida Holm"}`)
	var list struct{ Members []struct{ Name string } }
	s.get(t, "/v1/programs/customers/members", &list)
	s.member = "/members/" + list.Members[0].Name[len("programs/customers/members/"):]
	s.done(t, "rule", "/rules", `{"ruleId":"euro","terms":{"displayName":"One for each euro","trigger":"spend","form":"per_unit","value":"1","per":"100","stacking":"all","life":"never"}}`)
	s.done(t, "reward", "/rewards", `{"rewardId":"mug","kind":"REWARD_KIND_GIFT","displayName":"A mug","prices":[{"points":"200"}]}`)
	s.done(t, "give", s.member+":adjust", `{"points":"500","reason":"Welcome"}`)
	s.done(t, "order", s.member+"/orders", `{"order":{"orderId":"1001","lines":[{"id":"1","sku":"a","quantity":"3","amount":"9000"},{"id":"2","sku":"b","amount":"1000"}]}}`)
	return s
}

// send posts to an address within the programme.
func (s *shop) send(key, path, body string) reply {
	headers := []string{"Authorization", s.as}
	if key != "" {
		headers = append(headers, "Idempotency-Key", key)
	}
	return s.do("POST", "/v1/programs/customers"+path, body, headers...)
}

// done posts what must be done.
func (s *shop) done(t *testing.T, key, path, body string) reply {
	t.Helper()
	res := s.send(key, path, body)
	if res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s", path, res.StatusCode, res.body)
	}
	return res
}

func (s *shop) get(t *testing.T, path string, into any) {
	t.Helper()
	res := s.do("GET", path, "", "Authorization", s.as)
	if err := json.Unmarshal(res.body, into); res.StatusCode != http.StatusOK || err != nil {
		t.Fatalf("%s: %d %s, %v", path, res.StatusCode, res.body, err)
	}
}

// ledger is what the accounts hold, as text, once the ledger was found whole.
func (s *shop) ledger(t *testing.T) string {
	t.Helper()
	var v struct {
		Whole                   bool
		Accounts, Entries, Lots string
		Wallets                 json.RawMessage
	}
	s.get(t, "/v1/programs:verify", &v)
	if !v.Whole {
		t.Fatalf("the ledger is not whole: %+v", v)
	}
	var member struct{ Accounts json.RawMessage }
	s.get(t, "/v1/programs/customers"+s.member, &member)
	return fmt.Sprintf("%s accounts, %s entries, %s lots, %s, %s", v.Accounts, v.Entries, v.Lots, v.Wallets, member.Accounts)
}

// bad is a request that must be refused; its path is within the programme, {m} is the member.
type bad struct {
	what, path, body string
	status           int
	code, pointer    string
}

const invalid, malformed = "INVALID_ARGUMENT", "MALFORMED_BODY"

var bads = []bad{
	{"no points", "{m}:adjust", `{"points":"0","reason":"None"}`, 400, invalid, "/points"},
	{"points that are none", "{m}:adjust", `{"points":"many","reason":"Words"}`, 400, malformed, "/points"},
	{"a part of a point", "{m}:adjust", `{"points":1.5,"reason":"A half"}`, 400, malformed, "/points"},
	{"more than 64 bits", "{m}:adjust", `{"points":"9223372036854775808","reason":"Too many"}`, 400, malformed, "/points"},
	{"the most of 64 bits", "{m}:adjust", `{"points":"9223372036854775807","reason":"Too many"}`, 400, invalid, "/points"},
	{"the least of 64 bits", "{m}:adjust", `{"points":"-9223372036854775808","reason":"Too few"}`, 400, invalid, "/points"},
	{"more than there is", "{m}:adjust", `{"points":"-601","reason":"A mistake"}`, 409, "INSUFFICIENT_POINTS", ""},
	{"no reason", "{m}:adjust", `{"points":"1"}`, 400, invalid, "/reason"},
	{"an unknown wallet", "{m}:adjust", `{"points":"1","reason":"Miles","wallet":"miles"}`, 400, invalid, "/wallet"},
	{"an end that has passed", "{m}:adjust", `{"points":"1","reason":"Late","expireTime":"2020-01-01T00:00:00Z"}`, 400, invalid, "/expireTime"},
	{"a field that is none", "{m}:adjust", `{"points":"1","reason":"More","pionts":"2"}`, 400, malformed, "/pionts"},
	{"a member who is none", "/members/nobody:adjust", `{"points":"1","reason":"A gift"}`, 404, "NOT_FOUND", "/member"},

	{"an amount below zero", "{m}/orders", `{"order":{"orderId":"b1","lines":[{"id":"1","sku":"a","amount":"-1"}]}}`, 400, invalid, "/order/lines/0/amount"},
	{"a line without an amount", "{m}/orders", `{"order":{"orderId":"b0","lines":[{"id":"1","sku":"a"}]}}`, 400, invalid, "/order/lines/0/amount"},
	{"an amount over the bound", "{m}/orders", `{"order":{"orderId":"b2","lines":[{"id":"1","sku":"a","amount":"9223372036854775807"}]}}`, 400, invalid, "/order/lines/0/amount"},
	{"a sum that overflows", "{m}/orders", `{"order":{"orderId":"b3","lines":[{"id":"1","sku":"a","amount":"900000000000000"},{"id":"2","sku":"a","amount":"900000000000000"}]}}`, 400, invalid, "/order/lines/1/amount"},
	{"a quantity of nothing", "{m}/orders", `{"order":{"orderId":"b4","lines":[{"id":"1","sku":"a","quantity":"0","amount":"1"}]}}`, 400, invalid, "/order/lines/0/quantity"},
	{"a quantity below zero", "{m}/orders", `{"order":{"orderId":"b5","lines":[{"id":"1","sku":"a","quantity":"-2","amount":"1"}]}}`, 400, invalid, "/order/lines/0/quantity"},
	{"a quantity that is none", "{m}/orders", `{"order":{"orderId":"b6","lines":[{"id":"1","sku":"a","quantity":"NaN","amount":"1"}]}}`, 400, invalid, "/order/lines/0/quantity"},
	{"an unknown currency", "{m}/orders", `{"order":{"orderId":"b7","currency":"XYZ","lines":[{"id":"1","sku":"a","amount":"1"}]}}`, 400, invalid, "/order/currency"},
	{"no currency at all", "{m}/orders", `{"order":{"orderId":"b8","currency":"euro","lines":[{"id":"1","sku":"a","amount":"1"}]}}`, 400, invalid, "/order/currency"},
	{"no lines", "{m}/orders", `{"order":{"orderId":"b9"}}`, 400, invalid, "/order/lines"},
	{"one line twice", "{m}/orders", `{"order":{"orderId":"b10","lines":[{"id":"1","sku":"a","amount":"1"},{"id":"1","sku":"a","amount":"1"}]}}`, 400, invalid, "/order/lines/1/id"},
	{"an order of tomorrow", "{m}/orders", `{"order":{"orderId":"b11","orderTime":"2026-03-03T09:00:00Z","lines":[{"id":"1","sku":"a","amount":"1"}]}}`, 400, invalid, "/order/orderTime"},
	{"an order that is there", "{m}/orders", `{"order":{"orderId":"1001","lines":[{"id":"1","sku":"a","amount":"1"}]}}`, 409, "ALREADY_EXISTS", "/order/orderId"},
	{"an amount with a point", "{m}/orders", `{"order":{"orderId":"b12","lines":[{"id":"1","sku":"a","amount":"10.50"}]}}`, 400, malformed, "/order/lines/0/amount"},
	{"an order that nobody's redemption pays for", "{m}/orders", `{"order":{"orderId":"b13","redemption":"none","lines":[{"id":"1","sku":"a","amount":"1"}]}}`, 404, "NOT_FOUND", "/order/redemption"},
	{"neither order nor event", "{m}:calculate", `{}`, 400, invalid, "/order"},
	{"an event's amount below zero", "{m}:accrue", `{"event":{"eventId":"e1","type":"visit","amount":"-1"}}`, 400, invalid, "/event/amount"},

	{"more pieces than were ordered", "/orders/1001:return", `{"returnId":"r1","lines":[{"line":"1","quantity":"4"}]}`, 400, invalid, "/lines/0/quantity"},
	{"more money than was paid", "/orders/1001:return", `{"returnId":"r2","lines":[{"line":"1","amount":"9001"}]}`, 400, invalid, "/lines/0/amount"},
	{"money below zero", "/orders/1001:return", `{"returnId":"r3","lines":[{"line":"1","amount":"-1"}]}`, 400, invalid, "/lines/0/amount"},
	{"no money", "/orders/1001:return", `{"returnId":"r9","lines":[{"line":"1","amount":"0"}]}`, 400, invalid, "/lines/0/amount"},
	{"no pieces", "/orders/1001:return", `{"returnId":"r10","lines":[{"line":"1","quantity":"0"}]}`, 400, invalid, "/lines/0/quantity"},
	{"pieces below zero", "/orders/1001:return", `{"returnId":"r4","lines":[{"line":"1","quantity":"-1"}]}`, 400, invalid, "/lines/0/quantity"},
	{"a line that was not ordered", "/orders/1001:return", `{"returnId":"r5","lines":[{"line":"9"}]}`, 400, invalid, "/lines/0/line"},
	{"a line to cancel that was not ordered", "/orders/1001:cancel", `{"lines":["9"],"reason":"Not in stock"}`, 400, invalid, "/lines/0"},
	{"a line twice", "/orders/1001:return", `{"returnId":"r6","lines":[{"line":"2"},{"line":"2"}]}`, 400, invalid, "/lines/1/line"},
	{"an unknown policy", "/orders/1001:return", `{"returnId":"r7","policy":"forgive"}`, 400, invalid, "/policy"},
	{"an order that is none", "/orders/9999:return", `{"returnId":"r8"}`, 404, "NOT_FOUND", ""},

	{"a reward that is none", "/redemptions", `{"member":"{id}","reward":"yacht"}`, 404, "NOT_FOUND", "/reward"},
	{"a redemption for nobody", "/redemptions", `{"member":"nobody","reward":"mug"}`, 404, "NOT_FOUND", "/member"},
	{"another price", "/redemptions", `{"member":"{id}","reward":"mug","expectedPoints":"100"}`, 409, "ILLEGAL_STATE", "/expectedPoints"},
	{"a price below zero", "/redemptions", `{"member":"{id}","reward":"mug","expectedPoints":"-200"}`, 400, invalid, "/expectedPoints"},
	{"minutes below zero", "/redemptions", `{"member":"{id}","reward":"mug","minutes":-1}`, 400, invalid, "/minutes"},
	{"a wallet without a price", "/redemptions", `{"member":"{id}","reward":"mug","wallet":"miles"}`, 400, invalid, "/wallet"},
	{"a redemption that is none", "/redemptions/none:commit", `{}`, 404, "NOT_FOUND", "/redemption"},
}

// What cannot be is refused over REST with its status and the field's place, and leaves the ledger whole and as it was.
func TestWhatCannotBeIsRefusedAndLeavesTheLedgerAsItWas(t *testing.T) {
	s := newShop(t)
	before := s.ledger(t)
	fill := strings.NewReplacer("{m}", s.member, "{id}", s.member[len("/members/"):])
	for i, b := range bads {
		t.Run(b.what, func(t *testing.T) {
			res := s.send(fmt.Sprint("bad-", i), fill.Replace(b.path), fill.Replace(b.body))
			p := res.problem(t)
			pointer := ""
			if len(p.Errors) > 0 {
				pointer = p.Errors[0].Pointer
			}
			if p.Status != b.status || p.Code != b.code || pointer != b.pointer {
				t.Errorf("%d %s at %q, want %d %s at %q: %s", p.Status, p.Code, pointer, b.status, b.code, b.pointer, res.body)
			}
			if after := s.ledger(t); after != before {
				t.Errorf("the ledger was\n%s and is\n%s", before, after)
			}
		})
	}
	if res := s.send("", s.member+":adjust", `{"points":"1","reason":"No key"}`); res.problem(t).Code != "IDEMPOTENCY_KEY_MISSING" {
		t.Errorf("without a key: %s", res.body)
	}
	if res := s.send("give", s.member+":adjust", `{"points":"501","reason":"Welcome"}`); res.StatusCode != 422 || res.problem(t).Code != "IDEMPOTENCY_KEY_REUSED" {
		t.Errorf("a key with another body: %s", res.body)
	}
	if after := s.ledger(t); after != before {
		t.Errorf("the ledger was\n%s and is\n%s", before, after)
	}
}

// atOnce sends several requests at the same time and returns how many were done, and the answers.
func (s *shop) atOnce(path string, keys, bodies []string) (done int, answers []reply) {
	answers = make([]reply, len(bodies))
	var all sync.WaitGroup
	for i := range bodies {
		all.Go(func() { answers[i] = s.send(keys[i], path, bodies[i]) })
	}
	all.Wait()
	for _, a := range answers {
		if a.StatusCode == http.StatusOK {
			done++
		}
	}
	return done, answers
}

// have fails the test unless the member has so many points to spend, in a ledger that is whole.
func (s *shop) have(t *testing.T, want string) {
	t.Helper()
	if l := s.ledger(t); !strings.Contains(l, `"available":"`+want+`"`) {
		t.Errorf("not %s points: %s", want, l)
	}
}

func TestWhatComesTwiceAtOnceIsDoneOnceOverREST(t *testing.T) {
	s := newShop(t)
	s.have(t, "600")
	done, answers := s.atOnce("/orders/1001:return", []string{"ra", "rb"}, []string{`{"returnId":"ra","lines":[{"line":"1"}]}`, `{"returnId":"rb","lines":[{"line":"1"}]}`})
	for _, a := range answers {
		if a.StatusCode != http.StatusOK && (a.problem(t).Code != invalid || a.problem(t).Errors[0].Pointer != "/lines/0/line") {
			t.Errorf("the other return: %s", a.body)
		}
	}
	if s.have(t, "510"); done != 1 {
		t.Errorf("%d returns of one line were done", done)
	}
	done, answers = s.atOnce("/orders/1001:return", []string{"rc", "rc"}, []string{`{"returnId":"rc"}`, `{"returnId":"rc"}`})
	if s.have(t, "500"); done != 2 || string(answers[0].body) != string(answers[1].body) {
		t.Errorf("one return sent twice: %s, %s", answers[0].body, answers[1].body)
	}
	if p := s.send("rd", "/orders/1001:return", `{"returnId":"rd"}`).problem(t); p.Status != 409 || p.Code != "ILLEGAL_STATE" {
		t.Errorf("an order of which all has come back: %+v", p)
	}
	var held struct{ Name string }
	if err := json.Unmarshal(s.done(t, "mug", "/redemptions", `{"member":"`+s.member[len("/members/"):]+`","reward":"mug"}`).body, &held); err != nil {
		t.Fatal(err)
	}
	commit := held.Name[len("programs/customers"):] + ":commit"
	done, answers = s.atOnce(commit, []string{"ca", "cb"}, []string{`{}`, `{}`})
	for _, a := range answers {
		if a.StatusCode != http.StatusOK && (a.StatusCode != 409 || a.problem(t).Code != "ILLEGAL_STATE") {
			t.Errorf("the other commit: %s", a.body)
		}
	}
	if s.have(t, "300"); done != 1 {
		t.Errorf("%d commits of one redemption were done", done)
	}
	for _, key := range []string{"ca", "cb"} { // whoever was first is answered as before, the other refused as before
		again := s.send(key, commit, `{}`)
		if again.Header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("sent again: %d %s", again.StatusCode, again.body)
		}
	}
	s.have(t, "300")
}

func TestACancelledOrderCannotComeBackOverREST(t *testing.T) {
	s := newShop(t)
	s.done(t, "cancel", "/orders/1001:cancel", `{}`)
	s.have(t, "500")
	before := s.ledger(t)
	for i, path := range []string{"/orders/1001:return", "/orders/1001:cancel"} {
		if p := s.send(fmt.Sprint("again-", i), path, []string{`{"returnId":"r"}`, `{}`}[i]).problem(t); p.Status != 409 || p.Code != "ILLEGAL_STATE" {
			t.Errorf("%s: %+v", path, p)
		}
	}
	if again := s.done(t, "cancel", "/orders/1001:cancel", `{}`); again.Header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("cancelled again with the same key: %s", again.body)
	}
	if after := s.ledger(t); after != before {
		t.Errorf("the ledger was\n%s and is\n%s", before, after)
	}
}
