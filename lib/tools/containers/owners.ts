/** A company that owns containers. */
export type Owner = {
  name: string;
  /** Where a container of its can be followed; `{number}` stands for the number, where the page takes one. */
  tracking?: string;
};

/**
 * Owners and their codes (three letters, and the category of freight containers), as far as they are common.
 *
 * Codes: the BIC register of container owners (bic-code.org) as the list of Freight Trust has it
 * (github.com/freight-trust/documentation, docs/platform/vessel-carriers.md), seen 2026-11. Addresses: the
 * carriers' own tracking pages, as open-source trackers used them in 2026-10. A carrier that merged stands under
 * the one that it belongs to now.
 */
const LINES: readonly (Owner & { codes: string })[] = [
  {
    name: "MSC",
    tracking: "https://www.msc.com/en/track-a-shipment",
    codes: "GTIU MEDU MSCU MSDU MSMU MSNU MSPU MSTU MSYU MSZU",
  },
  {
    name: "Maersk",
    tracking: "https://www.maersk.com/tracking/{number}",
    codes:
      "APMU CADU CNIU COZU FAAU FRLU HASU KNLU MAEU MALU MCAU MCHU MCRU MHHU MIEU MMAU MNBU MRKU MRSU MSAU MSFU MSKU " +
      "MSWU MVIU MWCU MWMU OCLU POCU PONU SCMU SEAU SUDU TORU",
  },
  {
    name: "CMA CGM",
    tracking: "https://www.cma-cgm.com/ebusiness/tracking/search?SearchBy=Container&Reference={number}",
    codes:
      "AMCU ANNU APDU APHU APIU APLU APRU APZU CGHU CGMU CGTU CMAU CMNU CNCU DVRU ECMU NEPU NOLU NOSU OPDU OTAU SOFU STMU",
  },
  {
    name: "Hapag-Lloyd",
    tracking:
      "https://www.hapag-lloyd.com/en/online-business/track/track-by-container-solution.html?container={number}",
    codes:
      "AZLU CASU CMUU CPSU CSQU CSVU FANU HAMU HLBU HLCU HLXU ITAU IVLU LBIU LNXU LYKU MOMU QIBU QNNU TLEU TMMU UACU UAEU UASU",
  },
  {
    name: "COSCO SHIPPING",
    tracking:
      "https://elines.coscoshipping.com/scct/public/ct/base?lang=en&trackingType=CONTAINER&number={number}",
    codes: "CBHU CCLU COSU CSLU CSNU",
  },
  {
    name: "OOCL",
    tracking: "https://www.oocl.com/eng/ourservices/eservices/cargotracking/Pages/cargotracking.aspx",
    codes: "OOCU OOLU",
  },
  {
    name: "Ocean Network Express (ONE)",
    tracking:
      "https://www.one-line.com/one-ecom/manage-shipment/cargo-tracking?trakNoParam={number}&trakNoTpCdParam=C",
    codes:
      "AKLU EKLU ESSU KKFU KKLU KKTU KLFU KLTU KXTU MOAU MOEU MOFU MOGU MOLU MORU MOSU MOTU NYKU ONEU PXCU",
  },
  {
    name: "Evergreen",
    tracking: "https://ct.shipmentlink.com/servlet/TDB1_CargoTracking.do",
    codes: "EGHU EGSU EISU EITU EMCU HMCU IMTU LTIU UGMU",
  },
  {
    name: "HMM",
    tracking: "https://www.hmm21.com/e-service/general/trackNTrace/TrackNTrace.do",
    codes: "HDMU HMMU",
  },
  {
    name: "Yang Ming",
    tracking: "https://www.yangming.com/en/esolution/cargo_tracking",
    codes: "YMLU YMMU",
  },
  {
    name: "ZIM",
    tracking: "https://www.zim.com/tools/track-a-shipment?consnumber={number}",
    codes: "ZCLU ZCSU ZIMU ZMOU",
  },
  {
    name: "Pacific International Lines (PIL)",
    tracking:
      "https://www.pilship.com/digital-solutions/?tab=customer&id=track-trace&label=containerTandT&module=TrackTraceJob&refNo={number}",
    codes: "PCIU PILU",
  },
  {
    name: "Wan Hai",
    tracking: "https://www.wanhai.com/views/cargoTrack/CargoTrack.xhtml",
    codes: "TPCU WHLU WHSU",
  },
  { name: "KMTC", codes: "KMTU" },
  { name: "Sinokor", codes: "SKHU SKLU SKRU" },
  { name: "SITC", codes: "SITU" },
  { name: "T.S. Lines", codes: "TSSU TSTU" },
  { name: "Regional Container Lines (RCL)", codes: "REGU" },
  { name: "SM Line", codes: "SMCU" },
  { name: "Emirates Shipping Line", codes: "ESDU ESPU" },
  { name: "Arkas", codes: "ARKU" },
  { name: "Turkon", codes: "TRKU" },
  { name: "Matson", codes: "CXCU HRZU MATU" },
  { name: "Crowley", codes: "CMCU SEFU" },
  { name: "Seaboard Marine", codes: "SMLU" },
  { name: "Grimaldi", codes: "GCNU" },
  { name: "Atlantic Container Line (ACL)", codes: "ACLU" },
  { name: "Linea Messina", codes: "LMCU" },
  { name: "FESCO", codes: "FCCU FESU" },
  { name: "Samskip", codes: "COCU GNSU SANU SVDU SWLU VDMU" },
  { name: "Unifeeder", codes: "TLCU" },
  { name: "Shipping Corporation of India", codes: "SIIU" },
];

/** Companies that lease containers to carriers: their code does not say who carries the container. */
const LESSORS: readonly { name: string; codes: string }[] = [
  {
    name: "Triton",
    codes:
      "EQRU HNSU ICSU IKSU MTRU RRIU TCKU TCLU TCNU TDRU TDTU TIIU TLLU TOLU TPHU TPXU TRDU TRHU TRIU TRLU TRVU TTNU YOIU",
  },
  {
    name: "Textainer",
    codes:
      "AMFU AMZU AXIU CEOU CHIU CLHU GAEU GATU GAZU HCIU KWCU LLTU MAGU MAXU MLCU PRSU TEMU TENU TEXU TGBU TGHU TXGU WCIU XINU",
  },
  { name: "Florens", codes: "DFOU DFSU FBIU FBLU FCGU FCIU FCLU FCXU FFAU FJKU FSCU FTAU JTMU PGXU" },
  {
    name: "Seaco",
    codes:
      "CLOU CRSU CRTU CRXU CXDU CXRU CXSU CXTU EMAU GCEU GESU GSTU HJMU SCZU SEGU SEKU SELU SEMU UFCU XTRU",
  },
  { name: "CAI", codes: "CAAU CAIU CAXU CAZU CESU CIPU CNEU CZZU OTEU SKYU" },
  { name: "SeaCube", codes: "CRLU CTWU DRYU GAOU GIPU INBU INKU INNU INTU IPXU IRNU SZLU WBPU" },
  { name: "Beacon", codes: "BEAU BMOU" },
  { name: "Touax", codes: "GLDU GRDU PGTU TGCU TGSU" },
  { name: "Blue Sky", codes: "BSIU SKIU" },
  { name: "UES", codes: "GUTU GVCU GVDU UESU UETU UXXU" },
  { name: "CARU", codes: "ALNU ARDU ARTU CAEU CARU CATU CLCU CORU CUBU" },
];

export type CodeHolder = { kind: "carrier" | "lessor"; owner: Owner };

let holders: ReadonlyMap<string, CodeHolder> | undefined;

/** Who holds a code of four letters (`MSCU`); undefined for one that is not listed. */
export function holderOf(code: string): CodeHolder | undefined {
  holders ??= new Map([...entries("carrier", LINES), ...entries("lessor", LESSORS)]);
  return holders.get(code);
}

function entries(
  kind: CodeHolder["kind"],
  owners: readonly (Owner & { codes: string })[],
): [string, CodeHolder][] {
  return owners.flatMap(({ codes, ...owner }) =>
    codes.split(" ").map((code): [string, CodeHolder] => [code, { kind, owner }]),
  );
}
