/**
 * Keys in words. A key's id is compared by eye or read aloud; `acid-king-…` survives that better than
 * hexadecimal. The gateway, the command line and the page all use this one file, which imports nothing.
 */

/**
 * One word a byte value, four letters each, in order. Two of them never differ in one letter alone,
 * none sounds like another word that people use, none reads as hexadecimal. The order is part of what
 * people wrote down: no word may change its place.
 */
const WORDS =
  "acidarcharmyatomauraautoaxlebabybankbarnbeambikebirdblogblurbody" +
  "bondbootbulbbusycampcardcavechefchincityclapclubcoatcolacombcopy" +
  "curlcutedarkdatadeskdialdicedishdomedoordrawdropdrumdunedustduty" +
  "easyechoedgeeditepicexamfastfernfilmfirefizzflatflipflowfolkfont" +
  "foodformfoxyfreefrogfuelfundgaingalagamegiftgladgluegoalgoldgrab" +
  "gripgrowgulfhalohandharphawkheadhelpherohillhivehookhopehornhuge" +
  "huntideainchirisironitemjadejazzjeepjoinjokejudojulyjumpjunkkind" +
  "kitekiwikneeknoblakelamblavalazyleapleftlifelilylionlistloaflogo" +
  "looploudlucklungmanymaskmealmeltmenumeshmintmonkmoonmossmovemule" +
  "mythnavyneckneonnewsnounobeyopenovaloverpackpagepalmpathpinkpipe" +
  "playplotplugpoemponypostpullpumapurequizraftrailrarereefrichride" +
  "riskroamroberockroofrosyrubyrushsafesaltseatselfsendshopsilkskip" +
  "slabsledsnapsnowsoaksodasoftsoilsolosongsoupspinspotstaystepstir" +
  "suitswanswimtacotalktapetaxitextticktiletinytofutowntraptrektrio" +
  "trottruetubetunaturntwinunituservaseverbviewvinevisavoltvotewall" +
  "warmwaspwestwhipwildwingwisewolfwoolworkyawnyearyogazinczonezoom";

const LETTERS = 4;
/** Words shown of an id, 64 bits: too many to make a second key that begins like a given one. */
const SHOWN = 8;

/** The first 64 bits of a key's id (hex) as eight words, `acid-bank-cave-…`, 39 characters. */
export function keyWords(id: string): string {
  const bytes = id.slice(0, SHOWN * 2).match(/[0-9a-f]{2}/g) ?? [];
  return bytes.map((byte) => WORDS.substr(Number.parseInt(byte, 16) * LETTERS, LETTERS)).join("-");
}

/**
 * The start of an id (hex) from its words as a person typed them, with dashes or spaces between;
 * `undefined` when something else was typed.
 */
export function idOfWords(typed: string): string | undefined {
  const words = typed
    .toLowerCase()
    .split(/[\s-]+/)
    .filter((word) => word !== "");
  const bytes = words.map(byteOf);
  if (bytes.length === 0 || bytes.length > SHOWN || bytes.includes(undefined)) return undefined;
  return bytes.join("");
}

function byteOf(word: string): string | undefined {
  for (let at = 0; word.length === LETTERS && at < WORDS.length; at += LETTERS) {
    if (WORDS.startsWith(word, at)) return (at / LETTERS).toString(16).padStart(2, "0");
  }
  return undefined;
}
