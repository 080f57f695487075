package server

import (
	"fmt"

	"renown.example/kit/fault"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/domain"
)

var stateToProto = map[domain.State]storiesv1.TextState{
	domain.Draft:            storiesv1.TextState_TEXT_STATE_DRAFT,
	domain.InReview:         storiesv1.TextState_TEXT_STATE_IN_REVIEW,
	domain.AwaitingCustomer: storiesv1.TextState_TEXT_STATE_AWAITING_CUSTOMER,
	domain.Approved:         storiesv1.TextState_TEXT_STATE_APPROVED,
	domain.Scheduled:        storiesv1.TextState_TEXT_STATE_SCHEDULED,
	domain.Published:        storiesv1.TextState_TEXT_STATE_PUBLISHED,
	domain.Withdrawn:        storiesv1.TextState_TEXT_STATE_WITHDRAWN,
}

var scopeToProto = map[domain.Scope]storiesv1.ConsentScope{
	domain.ScopeWeb:   storiesv1.ConsentScope_CONSENT_SCOPE_WEB,
	domain.ScopeSales: storiesv1.ConsentScope_CONSENT_SCOPE_SALES,
	domain.ScopeAds:   storiesv1.ConsentScope_CONSENT_SCOPE_ADS,
	domain.ScopePress: storiesv1.ConsentScope_CONSENT_SCOPE_PRESS,
}

var kindToProto = map[domain.ConsentKind]storiesv1.ConsentKind{
	domain.Signed:   storiesv1.ConsentKind_CONSENT_KIND_SIGNED,
	domain.Attested: storiesv1.ConsentKind_CONSENT_KIND_ATTESTED,
}

var (
	stateFromProto = inverse(stateToProto)
	scopeFromProto = inverse(scopeToProto)
)

func inverse[K, V comparable](m map[K]V) map[V]K {
	out := make(map[V]K, len(m))
	for k, v := range m {
		out[v] = k
	}
	return out
}

func scopesToProto(list []domain.Scope) []storiesv1.ConsentScope {
	out := make([]storiesv1.ConsentScope, 0, len(list))
	for _, s := range list {
		out = append(out, scopeToProto[s])
	}
	return out
}

func scopesFromProto(list []storiesv1.ConsentScope) []domain.Scope {
	out := make([]domain.Scope, 0, len(list))
	for _, s := range list {
		out = append(out, scopeFromProto[s])
	}
	return domain.SortScopes(out)
}

func contentToProto(c domain.Content) *storiesv1.Content {
	out := &storiesv1.Content{
		Locale: c.Locale, Title: c.Title, Summary: c.Summary, Customer: c.Customer, Industry: c.Industry, Region: c.Region, Product: c.Product, UseCase: c.UseCase, Size: c.Size,
		StandIn: c.StandIn,
	}
	for _, b := range c.Blocks {
		out.Blocks = append(out.Blocks, blockToProto(b))
	}
	return out
}

func blockToProto(b domain.Block) *storiesv1.Block {
	switch b.Kind {
	case domain.KindText:
		return &storiesv1.Block{Kind: &storiesv1.Block_Text{Text: &storiesv1.TextBlock{Markdown: b.Text.Markdown}}}
	case domain.KindQuote:
		return &storiesv1.Block{Kind: &storiesv1.Block_Quote{Quote: &storiesv1.QuoteBlock{Text: b.Quote.Text, By: b.Quote.By, Role: b.Quote.Role}}}
	case domain.KindMetric:
		return &storiesv1.Block{Kind: &storiesv1.Block_Metric{Metric: metricToProto(b.Metric)}}
	case domain.KindBeforeAfter:
		return &storiesv1.Block{Kind: &storiesv1.Block_BeforeAfter{BeforeAfter: &storiesv1.BeforeAfterBlock{Before: b.BeforeAfter.Before, After: b.BeforeAfter.After}}}
	case domain.KindImage:
		return &storiesv1.Block{Kind: &storiesv1.Block_Image{Image: imageToProto(b.Image)}}
	case domain.KindVideo:
		return &storiesv1.Block{Kind: &storiesv1.Block_Video{Video: &storiesv1.VideoBlock{Url: b.Video.URL, Title: b.Video.Title}}}
	case domain.KindCTA:
		return &storiesv1.Block{Kind: &storiesv1.Block_Cta{Cta: &storiesv1.CtaBlock{Label: b.CTA.Label, Url: b.CTA.URL}}}
	}
	return &storiesv1.Block{}
}

func metricToProto(m *domain.Metric) *storiesv1.MetricBlock {
	if m == nil {
		return nil
	}
	return &storiesv1.MetricBlock{Value: m.Value, Unit: m.Unit, Label: m.Label, Baseline: m.Baseline, Period: m.Period,
		Sample: m.Sample, Method: m.Method, MeasuredOn: m.MeasuredOn}
}

func imageToProto(i *domain.Image) *storiesv1.ImageBlock {
	if i == nil {
		return nil
	}
	return &storiesv1.ImageBlock{Asset: i.Asset, Alt: i.Alt, Decorative: i.Decorative, Caption: i.Caption, Focus: i.Focus, Logo: i.Logo}
}

func contentFromProto(c *storiesv1.Content) (domain.Content, error) {
	out := domain.Content{
		Locale: c.GetLocale(), Title: c.GetTitle(), Summary: c.GetSummary(), Customer: c.GetCustomer(),
		Industry: c.GetIndustry(), Region: c.GetRegion(), Product: c.GetProduct(), UseCase: c.GetUseCase(), Size: c.GetSize(),
		StandIn: c.GetStandIn(),
	}
	for i, b := range c.GetBlocks() {
		block, ok := blockFromProto(b)
		if !ok {
			return out, fault.ContentRejected.New("A block has no kind that is known.").
				With(fault.Field{Path: fmt.Sprintf("text.content.blocks[%d]", i), Message: "set one of text, quote, metric, beforeAfter, image, video, cta"})
		}
		out.Blocks = append(out.Blocks, block)
	}
	return out, nil
}

func blockFromProto(b *storiesv1.Block) (domain.Block, bool) {
	switch k := b.GetKind().(type) {
	case *storiesv1.Block_Text:
		return domain.NewText(k.Text.GetMarkdown()), true
	case *storiesv1.Block_Quote:
		return domain.NewQuote(domain.Quote{Text: k.Quote.GetText(), By: k.Quote.GetBy(), Role: k.Quote.GetRole()}), true
	case *storiesv1.Block_Metric:
		m := k.Metric
		return domain.NewMetric(domain.Metric{Value: m.GetValue(), Unit: m.GetUnit(), Label: m.GetLabel(), Baseline: m.GetBaseline(), Period: m.GetPeriod(),
			Sample: m.GetSample(), Method: m.GetMethod(), MeasuredOn: m.GetMeasuredOn()}), true
	case *storiesv1.Block_BeforeAfter:
		return domain.NewBeforeAfter(k.BeforeAfter.GetBefore(), k.BeforeAfter.GetAfter()), true
	case *storiesv1.Block_Image:
		m := k.Image
		return domain.NewImage(domain.Image{Asset: m.GetAsset(), Alt: m.GetAlt(), Decorative: m.GetDecorative(), Caption: m.GetCaption(), Focus: m.GetFocus(), Logo: m.GetLogo()}), true
	case *storiesv1.Block_Video:
		return domain.NewVideo(domain.Video{URL: k.Video.GetUrl(), Title: k.Video.GetTitle()}), true
	case *storiesv1.Block_Cta:
		return domain.NewCTA(domain.CTA{Label: k.Cta.GetLabel(), URL: k.Cta.GetUrl()}), true
	}
	return domain.Block{}, false
}
