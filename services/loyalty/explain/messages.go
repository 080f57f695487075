package explain

// message is a sentence, or a part of one, by language.
type message map[Language]string

// messages are all the words of explanations. What is filled in stands in another order where a language wants that. In German nothing is bent by what is filled in:
// the points of a programme have names whose gender nobody knows.
var messages = map[string]message{
	// Entries by what they did: 1 is the points, 2 what it is about.
	"accrue":     {English: "%[1]s were given for %[2]s", German: "Für %[2]s gutgeschrieben: %[1]s"},
	"accrue.1":   {English: "%[1]s was given for %[2]s", German: "Für %[2]s gutgeschrieben: %[1]s"},
	"reverse":    {English: "%[1]s that had been given for %[2]s were taken back", German: "Für %[2]s gutgeschrieben und wieder abgezogen: %[1]s"},
	"reverse.1":  {English: "%[1]s that had been given for %[2]s was taken back", German: "Für %[2]s gutgeschrieben und wieder abgezogen: %[1]s"},
	"activate":   {English: "%[1]s became available", German: "Verfügbar geworden: %[1]s"},
	"expire":     {English: "%[1]s ended unspent", German: "Ungenutzt verfallen: %[1]s"},
	"freeze":     {English: "%[1]s were set aside to be looked at", German: "Zur Prüfung zurückgestellt: %[1]s"},
	"freeze.1":   {English: "%[1]s was set aside to be looked at", German: "Zur Prüfung zurückgestellt: %[1]s"},
	"unfreeze":   {English: "%[1]s that had been set aside are free", German: "Nach der Prüfung wieder frei: %[1]s"},
	"unfreeze.1": {English: "%[1]s that had been set aside is free", German: "Nach der Prüfung wieder frei: %[1]s"},
	"open":       {English: "%[1]s were brought along from %[2]s", German: "Von %[2]s mitgebracht: %[1]s"},
	"open.1":     {English: "%[1]s was brought along from %[2]s", German: "Von %[2]s mitgebracht: %[1]s"},
	"take":       {English: "%[1]s were taken by hand", German: "Von Hand abgezogen: %[1]s"},
	"take.1":     {English: "%[1]s was taken by hand", German: "Von Hand abgezogen: %[1]s"},
	"give":       {English: "%[1]s were given by hand", German: "Von Hand gutgeschrieben: %[1]s"},
	"give.1":     {English: "%[1]s was given by hand", German: "Von Hand gutgeschrieben: %[1]s"},
	"note":       {English: "Nothing moved", German: "Keine Punkte haben sich bewegt"},
	"note.about": {English: "Nothing moved: %[2]s", German: "Keine Punkte haben sich bewegt: %[2]s"},
	"because":    {English: ": %s", German: ". Grund: %s"},

	// Points that pass between accounts.
	"owed":        {English: "A debt of %s", German: "Schulden (%s)"},
	"came.import": {English: "%[1]s came along from %[2]s", German: "Von %[2]s mitgekommen: %[1]s"},
	"came.merge":  {English: "%[1]s came from %[2]s, who was merged into this member", German: "Von %[2]s beim Zusammenführen mit diesem Mitglied gekommen: %[1]s"},
	"went.merge":  {English: "%[1]s went to %[2]s, into whom this member was merged", German: "An %[2]s beim Zusammenführen übergegangen: %[1]s"},

	// Orders, events and returns.
	"order":          {English: "The order %s", German: "Die Bestellung %s"},
	"event":          {English: "The event %s", German: "Das Ereignis %s"},
	"earned":         {English: "%s earned %s: %s", German: "%s brachte %s: %s"},
	"earned.nothing": {English: "%s earned nothing", German: "%s brachte nichts"},
	"back": {
		English: "Of the order %s %s came back, for which %s are to be taken back", German: "Von der Bestellung %s kam Ware für %s zurück. Dafür abzuziehen: %s",
	},
	"back.cancelled": {
		English: "Of the order %s %s was cancelled, for which %s are to be taken back", German: "Von der Bestellung %s wurde Ware für %s storniert. Dafür abzuziehen: %s",
	},
	"back.event": {
		English: "The event %s was cancelled, for which %s are to be taken back", German: "Das Ereignis %s wurde storniert. Dafür abzuziehen: %s",
	},
	"back.left":   {English: "; %[1]s are spent already and were let go", German: ". Schon ausgegeben und darum erlassen: %[1]s"},
	"back.left.1": {English: "; %[1]s is spent already and was let go", German: ". Schon ausgegeben und darum erlassen: %[1]s"},

	// Redemptions: 1 is the points, 2 the reward, 3 the end of the hold.
	"reserve":   {English: "%[1]s are held for %[2]s until %[3]s", German: "Für „%[2]s“ zurückgelegt bis %[3]s: %[1]s"},
	"reserve.1": {English: "%[1]s is held for %[2]s until %[3]s", German: "Für „%[2]s“ zurückgelegt bis %[3]s: %[1]s"},
	"commit":    {English: "%[1]s were spent on %[2]s", German: "Für „%[2]s“ ausgegeben: %[1]s"},
	"commit.1":  {English: "%[1]s was spent on %[2]s", German: "Für „%[2]s“ ausgegeben: %[1]s"},
	"lapse": {
		English: "%[1]s that were held for %[2]s went back, since it was not taken in time", German: "Nicht rechtzeitig abgeholt, darum sind die für „%[2]s“ zurückgelegten Punkte wieder frei: %[1]s",
	},
	"lapse.1": {
		English: "%[1]s that was held for %[2]s went back, since it was not taken in time", German: "Nicht rechtzeitig abgeholt, darum sind die für „%[2]s“ zurückgelegten Punkte wieder frei: %[1]s",
	},
	"cancel":    {English: "%[1]s that were held for %[2]s went back", German: "Für „%[2]s“ zurückgelegt und wieder frei: %[1]s"},
	"cancel.1":  {English: "%[1]s that was held for %[2]s went back", German: "Für „%[2]s“ zurückgelegt und wieder frei: %[1]s"},
	"restore":   {English: "%[1]s that had been spent on %[2]s were given back", German: "Für „%[2]s“ ausgegeben und wieder gutgeschrieben: %[1]s"},
	"restore.1": {English: "%[1]s that had been spent on %[2]s was given back", German: "Für „%[2]s“ ausgegeben und wieder gutgeschrieben: %[1]s"},

	// Achievements: 2 is what was reached, 3 the day. Referrals: 2 is what for.
	"achieved": {English: "%[1]s for reaching %[2]s on %[3]s", German: "„%[2]s“ am %[3]s erreicht: %[1]s"},
	"achieved.back": {
		English: "%[1]s were taken back that %[2]s had brought on %[3]s: what it was reached by came back",
		German:  "„%[2]s“ vom %[3]s gilt nicht mehr, weil zurückkam, womit es erreicht war. Abgezogen: %[1]s",
	},
	"achieved.back.1": {
		English: "%[1]s was taken back that %[2]s had brought on %[3]s: what it was reached by came back",
		German:  "„%[2]s“ vom %[3]s gilt nicht mehr, weil zurückkam, womit es erreicht war. Abgezogen: %[1]s",
	},
	"referred":        {English: "%[1]s for %[2]s", German: "Für %[2]s: %[1]s"},
	"referred.frozen": {English: "%[1]s for %[2]s, set aside until somebody has looked", German: "Für %[2]s, zurückgestellt bis zur Prüfung: %[1]s"},
	"referred.back":   {English: "%[1]s were taken back that were given for %[2]s", German: "Für %[2]s gutgeschrieben und wieder abgezogen: %[1]s"},
	"referred.back.1": {English: "%[1]s was taken back that was given for %[2]s", German: "Für %[2]s gutgeschrieben und wieder abgezogen: %[1]s"},
	"friend.brought":  {English: "bringing a friend", German: "die Empfehlung an einen Freund"},
	"friend.came":     {English: "coming with a friend's code", German: "den Einstieg mit dem Code eines Freundes"},

	// Tiers: from, to, why, by what.
	"tier":          {English: "The tier changed from %s to %s (%s, by %s)", German: "Status bisher: %s, jetzt: %s (%s, nach %s)"},
	"tier.none":     {English: "no tier", German: "keiner"},
	"tier.reached":  {English: "reached", German: "erreicht"},
	"tier.lapsed":   {English: "lapsed", German: "abgelaufen"},
	"tier.undone":   {English: "undone", German: "zurückgenommen"},
	"tier.reformed": {English: "reformed", German: "neu geordnet"},

	// Lots and their parts.
	"lot":          {English: "lot %d", German: "Posten %d"},
	"lot.rule":     {English: " by %s", German: " nach %s"},
	"lot.source":   {English: " for %s", German: " für %s"},
	"lot.issued":   {English: " of %s", German: " vom %s"},
	"lot.from":     {English: ", available from %s", German: ", verfügbar ab %s"},
	"lot.waits":    {English: ", not available yet", German: ", noch nicht verfügbar"},
	"lot.until":    {English: ", to be spent before %s", German: ", einzulösen vor dem %s"},
	"lot.endless":  {English: ", without end", German: ", unbefristet"},
	"lot.ended":    {English: ", which has ended", German: ", abgelaufen"},
	"lot.ended.on": {English: ", which ended %s", German: ", abgelaufen am %s"},
	"lot.life":     {English: " (%s)", German: " (%s)"},
	"lot.policy":   {English: " (%s, as %s says)", German: " (%s, laut %s)"},
	"lots.further": {English: "%d further lots", German: "%d weitere Posten"},
	"rest.owed":    {English: "They were spent already and are owed", German: "Schon ausgegeben und nun geschuldet"},
	"rest.repaid":  {English: "They repaid what was owed, or their time was over", German: "Mit Schulden verrechnet, oder ihre Zeit war um"},
	"rest.debt":    {English: "A debt goes along", German: "Schulden gehen mit"},
	"rest":         {English: "They lie in no lot", German: "In keinem Posten"},
	"lines":        {English: "%d lines together", German: "%d Zeilen zusammen"},
	"line":         {English: "line %s: %s", German: "Zeile %s: %s"},

	// Arithmetic of awards.
	"piece":        {English: "piece", German: "Stück"},
	"pieces":       {English: "%s pieces", German: "%s Stück"},
	"pieces.1":     {English: "%s piece", German: "%s Stück"},
	"by.amount":    {English: "%s %s x %s per %s %s", German: "%s %s × %s je %s %s"},
	"by.pieces":    {English: "%s x %s per %s", German: "%s × %s je %s"},
	"by.points":    {English: "%s of %s x (%s - 1)", German: "%s aus %s × (%s − 1)"},
	"by.each":      {English: "%s over the lines", German: "%s über die Zeilen"},
	"by.order":     {English: "%s for the order", German: "%s für die Bestellung"},
	"by.event":     {English: "%s for the event", German: "%s für das Ereignis"},
	"in.tier":      {English: " in tier %s", German: " mit dem Status %s"},
	"rounded":      {English: "rounded %s", German: "%s gerundet"},
	"rounded.to":   {English: ", rounded %s to %d", German: ", %s gerundet auf %d"},
	"down":         {English: "down", German: "nach unten"},
	"up":           {English: "up", German: "nach oben"},
	"half.even":    {English: "to the nearest, halves to the even one,", German: "zur nächsten Zahl (halbe zur geraden)"},
	"half.up":      {English: "to the nearest, halves up,", German: "zur nächsten Zahl (halbe nach oben)"},
	"reduced":      {English: "reduced: %s", German: "begrenzt: %s"},
	"reduced.to":   {English: "; reduced to %d: %s", German: "; begrenzt auf %d: %s"},
	"cap":          {English: "at most %d %s per %s", German: "höchstens %d %s je %s"},
	"cap.period":   {English: " and %s", German: " und %s"},
	"cap.comes":    {English: "%s, and the rule comes to %d", German: "%s, und die Regel kommt auf %d"},
	"cap.used":     {English: "%s, %d of them used before", German: "%s, davon vorher verbraucht: %d"},
	"cap.points":   {English: "points", German: "Punkte"},
	"cap.awards":   {English: "awards", German: "Gutschriften"},
	"cap.order":    {English: "order", German: "Bestellung"},
	"cap.member":   {English: "member", German: "Mitglied"},
	"cap.campaign": {English: "campaign", German: "Aktion"},
	"cap.day":      {English: "day", German: "Tag"},
	"cap.week":     {English: "week", German: "Woche"},
	"cap.month":    {English: "month", German: "Monat"},
	"cap.quarter":  {English: "quarter", German: "Quartal"},
	"cap.year":     {English: "year", German: "Jahr"},
}

// sides are what more and less of an account mean: 1 is how many, 2 of what the account is.
var sides = map[string][2]message{
	"pending":   {{English: "%[1]s wait until they become available", German: "%[1]s noch nicht verfügbar"}, {English: "%[1]s wait no longer", German: "%[1]s nicht mehr in Wartezeit"}},
	"available": {{English: "%[1]s more can be spent", German: "%[1]s mehr zum Einlösen"}, {English: "%[1]s fewer can be spent", German: "%[1]s weniger zum Einlösen"}},
	"reserved":  {{English: "%[1]s are held for a redemption", German: "%[1]s für eine Prämie zurückgelegt"}, {English: "%[1]s are held no longer", German: "%[1]s nicht mehr zurückgelegt"}},
	"frozen":    {{English: "%[1]s are set aside to be looked at", German: "%[1]s zur Prüfung zurückgestellt"}, {English: "%[1]s are set aside no longer", German: "%[1]s nicht mehr zurückgestellt"}},
	"debt":      {{English: "%[1]s repaid what was owed", German: "%[1]s zum Ausgleich von Schulden"}, {English: "%[1]s are owed from now on", German: "%[1]s von nun an geschuldet"}},
	"redeemed":  {{English: "%[1]s were spent on rewards", German: "%[1]s für Prämien ausgegeben"}, {English: "%[1]s come back from what was spent", German: "%[1]s aus Ausgegebenem zurück"}},
	"expired":   {{English: "%[1]s ended unspent", German: "%[1]s ungenutzt verfallen"}, {English: "%[1]s come back from what had ended", German: "%[1]s aus Verfallenem zurück"}},
	"reversed":  {{English: "%[1]s were taken back after a return", German: "%[1]s nach einer Rückgabe abgezogen"}, {English: "%[1]s come back from what was taken back", German: "%[1]s aus Abgezogenem zurück"}},
	"adjusted":  {{English: "%[1]s were taken by hand", German: "%[1]s von Hand abgezogen"}, {English: "%[1]s were given by hand", German: "%[1]s von Hand gutgeschrieben"}},
	"opening":   {{English: "%[1]s were brought along as a debt", German: "%[1]s als Schulden mitgebracht"}, {English: "%[1]s were brought along from elsewhere", German: "%[1]s von anderswo mitgebracht"}},
	"issuance":  {{English: "%[1]s go back to the rule %[2]s", German: "%[1]s zurück an die Regel %[2]s"}, {English: "%[1]s were issued by the rule %[2]s", German: "%[1]s nach der Regel %[2]s ausgegeben"}},
	"donated":   {{English: "%[1]s were given to the cause %[2]s", German: "%[1]s für den Zweck %[2]s gespendet"}, {English: "%[1]s come back from the cause %[2]s", German: "%[1]s vom Zweck %[2]s zurück"}},
	"transfer":  {{English: "%[1]s went to another account", German: "%[1]s an ein anderes Konto"}, {English: "%[1]s came from another account", German: "%[1]s von einem anderen Konto"}},
	"":          {{English: "%[1]s went to %[2]s", German: "%[1]s an %[2]s"}, {English: "%[1]s came from %[2]s", German: "%[1]s von %[2]s"}},
}
