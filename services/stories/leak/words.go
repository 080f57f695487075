package leak

// ordinary are words that stand in many companies' names and in everybody's texts, in English and German: by themselves they tell nobody's name, and as a word of
// an address they are no initials. The list is as long as it has to be for the demo's stories and a few thousand headlines; where it is too short, an author says
// that a word need not be protected.
var ordinary = union(set(english), set(german), set(oneLetter.Replace(german)))

const english = `
a about above across act active add adds after again against age ago air airline airlines airport all allow almost alone along already also always am among amount an
and animal annual another answer any apart app apps are area areas arm arms around art arts as ask asks at automatic average away baby back bad bakery bakeries balance
ball bank banks banking base based basic bath beach beam bear beat bed before began begin begins behind being bell below best better between big bike bill bird black
block blood blue board boat boats body bold book books both bottle bottom box boy brand bread break bridge bright bring broad broke brother brown bus buses business but
buy buys by cabin call calls came camp can capital car card cards care cargo case cases cash castle cause center central centre certain chain chair change changed
changes charge cheap check chief child children church circle city class clean clear clinic clock close cloud club coach coal coast code coffee cold college color colour
come comes commerce commercial common community companies company complete connect construction consulting contact control cook cool cooperative copper corner cost
costs could council country county course court cover create credit crew cross crown current customer customers cut cuts cycle daily dairy dance dark data date day days
deal dear deep delivery deliveries dental design desk develop development did digital direct district do doctor does done door double down draft drive driver drivers
drop dry during duty each early earth ease east eastern easy eat economy edge education eight either electric electricity elevator elevators else empty end energy engine
engineering english enough enterprise enterprises environment equal equipment estate europe european even evening event ever every exact example express eye face
fact factory fair fall family far farm farms farmer farmers fast father feed feel felt ferries ferry few field fight figure files fill film final finance financial find
finds fine finish fire firm first fish fit five fixed flat fleet flight floor flow flower fly follow food foods foot for force foreign forest form forward found foundation
four free freight fresh friend from front fruit fuel full fun fund further future game garden gardens gas gate gave general get gets give gives glass global go goes
gold good goods got government grain grand graphic grass gray great greater green greenhouse ground group groups grow growers growing growth guard guide had hair half
hall hand hands happy harbor harbour hard has hat have he head health healthcare hear heart heat heating heavy held help helps her here high higher hill him his
history hold holding holdings home homes hope horse hospital hospitals hot hotel hotels hour hours house houses housing how huge human hundred ice idea if image import
in inch industrial industries industry information innovation inside instead institute insurance integrated international internet into investment iron is island
islands it its job join joint journey july june just keep keeps kept key kind king kitchen knew know known lab label laboratories labour lake land lands large last late
later law lead leader learn learning least leather leave led left leg legal length less let letter level library libraries life lift lifts light like limited line
lines link list little live living local lock logistics long look lost lot low lower machine machines made magic mail main maintenance make makes man management
manager manufacturing many map march mark market markets marketing mass master material may me mean means measure media medical meet member men metal meter method
metro middle might mile milk mill mills mind mine mining minute minutes miss mobile model modern money month months moon more morning most mother motor mountain mouse
move moves moving much municipal music must my name narrow nation national natural nature near need needs net network networks never new news next night nine no north
northern not note now number object ocean of off office offices often oil old on once one only open opens operations or orange order orders other our out outside over
own owner page paid paint pair paper parcel parent park part partner partners parts party pass past path patient patients pattern pay payment people per period person
pharma phone photo piece place plain plains plan plane planning plant plants plastic plate play please plus point police pool poor port ports position post pounds
power practice press pretty price prime print private pro problem process product production products program project projects property public pull pump pure push put
quality quarter question quick quiet quite radio rail railway rain ran range rate reach read ready real reason record red region regional rent rental research rest
restaurant result results retail rich ride right ring rise rises river riverside road roads rock roll roof sankt saint saints san santa santo sao room rooms round route royal rule run runs rural safe safety
said sail sale sales salt same sand save saves saw say says school schools science sea season seat second see seed seem send sent service services set sets seven
several shape share sharp she ship ships shipping shop shopping shops short should show shows side sign silver simple since single sister sit site six size skin sky
sleep slow small smart snow so social society soft software soil solar solid solution solutions some son song soon sound south southern space special speed sport sports
spring square staff stage stand standard star start starts state states station stay steel step steps still stone stood stop stops storage store stores storm story
straight street strong student study such summer sun super supply support sure surface system systems table take takes talk tall tax teach team teams tech technical
technologies technology telecom telephone television tell ten terminal test text than that the their them then there these they thing think third this those thought
thousand three through time times to today together told tomorrow too took tool tools top total touch tour tours tower town trade trading traffic train trains transit
transport travel tree trip truck trucks true trust try turn turns twice two type under union unit united university until up upper us use used uses usual valley value van
very vessel via view village vision visit voice wait walk wall want warm was waste watch water waters wave way ways we wear weather web week weeks weight well went were
west western what wheel when where which while white who whole why wide wife wild will wind window winter wire with within without wood woods word work workers works
world would write year years yellow yes yet you young your zero zone`

// german writes umlauts as two letters; as one they are ordinary too.
const german = `
aber alle allem allen aller alles als also alt alte alten am amt an andere anderen anlagen arbeit arzt auch auf aus bahn bahnen bau bauen bei beim berg bis bisher
bistum blau bleibt boden brief bruecke buch buecher buecherei bueros bund bus busse da dabei dach damit danach dann das dass dein dem den denn der des deutsch deutsche
deutscher dich die dies diese diesem diesen dieser dieses dir dorf dort drei druck du durch ein eine einem einen einer eines einfach eisen energie er erde erst erste
ersten es etwas fabrik fahrt fahrten familie fest feuer firma fisch flug fluss fort frau frei freie freien fuenf fuer gab ganz gas geben gegen geht geld gemeinde
genossenschaft gerade gesellschaft gesund gesundheit gewerbe glas gold gross grosse grossen grosser gruen grund gruppe gut gute guten hafen halle hand handel handwerk
hat hatte hatten haus hause haushalt heim heute hier hilfe hinter hoch hof holz hotel ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im immer in industrie insel
institut international ist ja jahr jahre jahren jeden jeder jedes jetzt jung kaffee kam kann kein keine keinen kind kinder kirche klein kleine kleinen klinik klinikum
koennen kommt kraft kranken krankenhaus kreis kueche kunde kunden kunst kurz laden lager land landes landkreis lang lange leben lebensmittel leicht letzte licht
liefert lieferung logistik luft macht man mann markt maschinen mehr mein meist menschen metall milch minute minuten mit mitte mittel mobil moebel monat monate morgen
muehle muss nach nacht naechste nahe name natur neben nein neu neue neuen neuer neues nicht nichts nie noch nord nur ober obst oder oel ohne ort ost ostsee papier
partner pflege plan planung platz post preis produktion rad rat raum recht region regional reise reisen rhein rot rund sagt schiff schiffe schnell schnee schon schule
schulen schwarz schweiz see sehr seid sein seine seinem seinen seiner seit seite sich sie sind so sohn soehne solar soll sommer sondern sonne sonst sozial sparkasse
spiel sprache stadt stadtwerke staedte stahl stall stark start statt stein stelle stiftung strasse strom stueck stunde stunden sued tag tage tagen tal technik
technologie teil tief tier tiere tor transport tun ueber uhr um und ungefaehr uns unser unsere unten unter unternehmen verband verein verkehr versicherung verwaltung
viel viele vielen vier voll vom von vor wald wann war waren warm was wasser weg wege wein weiss weit welt wenig wenn wer werden werk werke wetter wie wieder will wind
winter wir wird wirtschaft wissen wo woche wochen wohnen wohnungen wurde wurden zahl zeit zeitung zentral zentrum ziel zu zug zuege zum zur zusammen zwei zweite
zwischen
`
