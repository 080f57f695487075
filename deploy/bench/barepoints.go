package main

import (
	"context"
	"database/sql/driver"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/proto"
	raw "modernc.org/sqlite"

	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// mostLots is how many lots a page of an account holds: the page of a member who came n times is written in n sizes before it is full.
const mostLots = 32

// barePointsTask is a copy of a loyalty service's database, whose first members have come as often as their numbers say.
type barePointsTask struct {
	Database string
	Members  []string
}

// barePoints writes the rows of accruals without anything else: bytes that it knows beforehand, by prepared statements, over gRPC without interceptors.
type barePoints struct {
	loyaltyv1.UnimplementedOrdersServiceServer
	conn                       driver.Conn
	entry, account, open, page driver.Stmt
	// entries, accounts and pages are what the n-th visit of a member leaves, by n-1.
	entries, accounts, pages []form
	reply                    *loyaltyv1.AccruePointsResponse
	queue                    chan bareAccrual

	mu sync.Mutex
	// came counts the visits of each member.
	came map[string]int
}

type bareAccrual struct {
	member, event string
	n             int
	done          chan error
}

// form is a document in which the member and the event stand as marks.
type form struct{ parts, holes []string }

// formOf finds the marks in a document, each of which may stand there several times.
func formOf(doc string, marks ...string) form {
	var f form
	for {
		at, mark := len(doc), ""
		for _, m := range marks {
			if i := strings.Index(doc, m); i >= 0 && i < at {
				at, mark = i, m
			}
		}
		f.parts = append(f.parts, doc[:at])
		if mark == "" {
			return f
		}
		f.holes = append(f.holes, mark)
		doc = doc[at+len(mark):]
	}
}

func (f form) fill(value func(mark string) string) string {
	var b strings.Builder
	for i, p := range f.parts {
		b.WriteString(p)
		if i < len(f.holes) {
			b.WriteString(value(f.holes[i]))
		}
	}
	return b.String()
}

func barePointsRole(ctx context.Context, task json.RawMessage, say func(any) error) error {
	var t barePointsTask
	if err := json.Unmarshal(task, &t); err != nil {
		return err
	}
	p := &barePoints{queue: make(chan bareAccrual, accrualClients), came: map[string]int{}}
	if err := p.connect(ctx, t); err != nil {
		return err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := grpc.NewServer()
	loyaltyv1.RegisterOrdersServiceServer(server, p)
	healthpb.RegisterHealthServer(server, health.NewServer()) // which clients of ours ask for
	go p.write(ctx)
	go func() {
		<-ctx.Done()
		server.Stop()
	}()
	if err := say(l.Addr().String()); err != nil {
		return err
	}
	if err := server.Serve(l); err != nil && ctx.Err() == nil {
		return err
	}
	return p.conn.Close()
}

// connect opens the database, as our engine does, and reads what accruals leave.
func (p *barePoints) connect(ctx context.Context, t barePointsTask) error {
	if _, err := raw.Fdatasync(true); err != nil {
		return err
	}
	connector, err := raw.NewConnector(t.Database + "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=cache_size(-16000)")
	if err != nil {
		return err
	}
	if p.conn, err = connector.Connect(ctx); err != nil {
		return err
	}
	for k := range mostLots {
		if err := p.learn(t.Members[k], k+1); err != nil {
			return err
		}
	}
	for _, s := range []struct {
		into *driver.Stmt
		text string
	}{
		{&p.entry, "INSERT INTO journal (id, version, schema, doc) VALUES (?, 1, 1, ?)"},
		{&p.account, "UPDATE accounts SET doc = ?, version = version + 1 WHERE id = ?"},
		{&p.open, "INSERT INTO lot_pages (id, version, schema, doc) VALUES (?, 1, 1, ?)"},
		{&p.page, "UPDATE lot_pages SET doc = ?, version = version + 1 WHERE id = ?"},
	} {
		if *s.into, err = p.conn.Prepare(s.text); err != nil {
			return err
		}
	}
	return nil
}

// learn reads what the n-th visit of a member has left.
func (p *barePoints) learn(member string, n int) error {
	account := member + "/points"
	entry, err := p.read("SELECT doc FROM journal WHERE id = ?", fmt.Sprintf("%s/%010d", account, n))
	if err != nil {
		return err
	}
	var known struct{ Key, Once, Reply, Hidden string }
	if err := json.Unmarshal([]byte(entry), &known); err != nil {
		return err
	}
	event := strings.TrimPrefix(known.Once, customers+"/events/")
	if known.Key == "" || event == "" {
		return fmt.Errorf("the entry %s has no key and no event", account)
	}
	state, err := p.read("SELECT doc FROM accounts WHERE id = ?", account)
	if err != nil {
		return err
	}
	lots, err := p.read("SELECT doc FROM lot_pages WHERE id > ? ORDER BY id LIMIT 1", account+"/")
	if err != nil {
		return err
	}
	if p.reply == nil {
		p.reply = &loyaltyv1.AccruePointsResponse{}
		answer, err := base64.StdEncoding.DecodeString(known.Reply)
		if err == nil {
			err = proto.Unmarshal(answer, p.reply)
		}
		if err != nil {
			return err
		}
	}
	p.entries = append(p.entries, marked(entry, member, event, known.Key))
	p.accounts = append(p.accounts, marked(state, member, event, known.Key))
	p.pages = append(p.pages, marked(lots, member, event, known.Key))
	return nil
}

// Marks of what differs from accrual to accrual.
const (
	markMember = "\x00member\x00"
	markEvent  = "\x00event\x00"
	markKey    = "\x00key\x00"
)

func marked(doc, member, event, key string) form {
	doc = strings.NewReplacer(member, markMember, event, markEvent, key, markKey).Replace(doc)
	return formOf(doc, markMember, markEvent, markKey)
}

func (p *barePoints) read(text, id string) (string, error) {
	rows, err := p.conn.(driver.QueryerContext).QueryContext(context.Background(), text, []driver.NamedValue{{Ordinal: 1, Value: id}})
	if err != nil {
		return "", err
	}
	row := make([]driver.Value, 1)
	if err := rows.Next(row); err != nil {
		if errors.Is(err, io.EOF) {
			err = fmt.Errorf("there is no %s", id)
		}
		return "", errors.Join(err, rows.Close())
	}
	return row[0].(string), rows.Close()
}

// AccruePoints hands an accrual to the writer.
func (p *barePoints) AccruePoints(_ context.Context, req *loyaltyv1.AccruePointsRequest) (*loyaltyv1.AccruePointsResponse, error) {
	p.mu.Lock()
	p.came[req.GetMember()]++
	a := bareAccrual{member: req.GetMember(), event: req.GetEvent().GetEventId(), n: p.came[req.GetMember()], done: make(chan error, 1)}
	p.mu.Unlock()
	p.queue <- a
	return p.reply, <-a.done
}

// write commits what has gathered, again and again.
func (p *barePoints) write(ctx context.Context) {
	for {
		var batch []bareAccrual
		select {
		case <-ctx.Done():
			return
		case a := <-p.queue:
			batch = append(batch, a)
		}
		err := p.run("BEGIN IMMEDIATE")
		for i := 0; i < len(batch) && err == nil; i++ {
			if err = p.put(batch[i]); err != nil {
				break
			}
			select {
			case a := <-p.queue:
				batch = append(batch, a)
			default:
			}
		}
		err = errors.Join(err, p.run("COMMIT"))
		for _, a := range batch {
			a.done <- err
		}
	}
}

// put writes the three rows of an accrual. The samples' own entries have lower numbers.
func (p *barePoints) put(a bareAccrual) error {
	value := func(mark string) string {
		switch mark {
		case markMember:
			return a.member
		case markEvent:
			return a.event
		}
		return fmt.Sprintf("%-43s", a.event)
	}
	account, n := a.member+"/points", (a.n-1)%mostLots
	err := p.exec(p.entry, fmt.Sprintf("%s/%010d", account, 1_000_000+a.n), p.entries[n].fill(value))
	if err == nil {
		err = p.exec(p.account, p.accounts[n].fill(value), account)
	}
	if err != nil {
		return err
	}
	id := fmt.Sprintf("%s/bare/%06d", account, (a.n-1)/mostLots)
	if n == 0 {
		return p.exec(p.open, id, p.pages[n].fill(value))
	}
	return p.exec(p.page, p.pages[n].fill(value), id)
}

func (p *barePoints) exec(s driver.Stmt, values ...string) error {
	args := make([]driver.NamedValue, len(values))
	for i, v := range values {
		args[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	_, err := s.(driver.StmtExecContext).ExecContext(context.Background(), args)
	return err
}

func (p *barePoints) run(text string) error {
	_, err := p.conn.(driver.ExecerContext).ExecContext(context.Background(), text, nil)
	return err
}
