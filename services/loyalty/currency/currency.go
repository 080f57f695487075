// Package currency knows the currencies of ISO 4217 and how many decimal places their minor units have.
package currency

import (
	"strings"

	"github.com/govalues/decimal"
)

// digits lists the codes in use (funds, metals and testing codes are none a shop is paid in) by the decimal places of their minor unit.
var digits = func() map[string]int {
	m := make(map[string]int, 160)
	for places, codes := range map[int]string{
		0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
		2: `AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN
			ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD
			MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS
			SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG`,
		3: "BHD IQD JOD KWD LYD OMR TND",
	} {
		for _, code := range strings.Fields(codes) {
			m[code] = places
		}
	}
	return m
}()

// Known reports whether the code is that of a currency, in capitals as ISO 4217 writes it.
func Known(code string) bool {
	_, ok := digits[code]
	return ok
}

// Major returns an amount in minor units as the number of major units that it is: 12050 EUR is 120.50.
func Major(minor int64, code string) decimal.Decimal { return decimal.MustNew(minor, digits[code]) }
