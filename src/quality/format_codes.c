/*
 * format_codes.c
 *	  Codes of countries, currencies and languages.
 *
 * The lists are those of Debian's iso-codes 4.15.0 (of April 2023): ISO
 * 3166-1, ISO 4217 (and XCG and ZWG, which later amendments brought) and ISO
 * 639-2 with the two-letter codes of ISO 639-1. Each is one text of sorted
 * codes without separators. test/lint/codes.pl compares them with the package
 * where it is installed.
 */
#include "postgres.h"

#include "quality/format_parts.h"

static const char country_alpha2[] =
	"ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQ"
	"BRBSBTBVBWBYBZCACCCDCFCGCHCICKCLCMCNCOCRCUCVCWCXCYCZDEDJDKDM"
	"DODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGS"
	"GTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKN"
	"KPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQ"
	"MRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPM"
	"PNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSV"
	"SXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVI"
	"VNVUWFWSYEYTZAZMZW";

static const char country_alpha3[] =
	"ABWAFGAGOAIAALAALBANDAREARGARMASMATAATFATGAUSAUTAZEBDIBELBEN"
	"BESBFABGDBGRBHRBHSBIHBLMBLRBLZBMUBOLBRABRBBRNBTNBVTBWACAFCAN"
	"CCKCHECHLCHNCIVCMRCODCOGCOKCOLCOMCPVCRICUBCUWCXRCYMCYPCZEDEU"
	"DJIDMADNKDOMDZAECUEGYERIESHESPESTETHFINFJIFLKFRAFROFSMGABGBR"
	"GEOGGYGHAGIBGINGLPGMBGNBGNQGRCGRDGRLGTMGUFGUMGUYHKGHMDHNDHRV"
	"HTIHUNIDNIMNINDIOTIRLIRNIRQISLISRITAJAMJEYJORJPNKAZKENKGZKHM"
	"KIRKNAKORKWTLAOLBNLBRLBYLCALIELKALSOLTULUXLVAMACMAFMARMCOMDA"
	"MDGMDVMEXMHLMKDMLIMLTMMRMNEMNGMNPMOZMRTMSRMTQMUSMWIMYSMYTNAM"
	"NCLNERNFKNGANICNIUNLDNORNPLNRUNZLOMNPAKPANPCNPERPHLPLWPNGPOL"
	"PRIPRKPRTPRYPSEPYFQATREUROURUSRWASAUSDNSENSGPSGSSHNSJMSLBSLE"
	"SLVSMRSOMSPMSRBSSDSTPSURSVKSVNSWESWZSXMSYCSYRTCATCDTGOTHATJK"
	"TKLTKMTLSTONTTOTUNTURTUVTWNTZAUGAUKRUMIURYUSAUZBVATVCTVENVGB"
	"VIRVNMVUTWLFWSMYEMZAFZMBZWE";

static const char country_numeric[] =
	"004008010012016020024028031032036040044048050051052056060064"
	"068070072074076084086090092096100104108112116120124132136140"
	"144148152156158162166170174175178180184188191192196203204208"
	"212214218222226231232233234238239242246248250254258260262266"
	"268270275276288292296300304308312316320324328332334336340344"
	"348352356360364368372376380384388392398400404408410414417418"
	"422426428430434438440442446450454458462466470474478480484492"
	"496498499500504508512516520524528531533534535540548554558562"
	"566570574578580581583584585586591598600604608612616620624626"
	"630634638642643646652654659660662663666670674678682686688690"
	"694702703704705706710716724728729732740744748752756760762764"
	"768772776780784788792795796798800804807818826831832833834840"
	"850854858860862876882887894";

static const char currency[] =
	"AEDAFNALLAMDANGAOAARSAUDAWGAZNBAMBBDBDTBGNBHDBIFBMDBNDBOBBOV"
	"BRLBSDBTNBWPBYNBZDCADCDFCHECHFCHWCLFCLPCNYCOPCOUCRCCUCCUPCVE"
	"CZKDJFDKKDOPDZDEGPERNETBEURFJDFKPGBPGELGHSGIPGMDGNFGTQGYDHKD"
	"HNLHRKHTGHUFIDRILSINRIQDIRRISKJMDJODJPYKESKGSKHRKMFKPWKRWKWD"
	"KYDKZTLAKLBPLKRLRDLSLLYDMADMDLMGAMKDMMKMNTMOPMRUMURMVRMWKMXN"
	"MXVMYRMZNNADNGNNIONOKNPRNZDOMRPABPENPGKPHPPKRPLNPYGQARRONRSD"
	"RUBRWFSARSBDSCRSDGSEKSGDSHPSLESLLSOSSRDSSPSTNSVCSYPSZLTHBTJS"
	"TMTTNDTOPTRYTTDTWDTZSUAHUGXUSDUSNUYIUYUUYWUZSVEDVESVNDVUVWST"
	"XAFXAGXAUXBAXBBXBCXBDXCDXCGXDRXOFXPDXPFXPTXSUXTSXUAXXXYERZAR"
	"ZMWZWGZWL";

static const char language_alpha2[] =
	"aaabaeafakamanarasavayazbabebgbhbibmbnbobrbscacechcocrcscucv"
	"cydadedvdzeeeleneoeseteufafffifjfofrfygagdglgngugvhahehihohr"
	"hthuhyhziaidieigiiikioisitiujajvkakgkikjkkklkmknkokrkskukvkw"
	"kylalblglilnloltlulvmgmhmimkmlmnmrmsmtmynanbndnengnlnnnonrnv"
	"nyocojomorospapiplpsptqurmrnrorurwsascsdsesgsiskslsmsnsosqsr"
	"ssstsusvswtatetgthtitktltntotrtstttwtyugukuruzvevivowawoxhyi"
	"yozazhzu";

static const char language_alpha3[] =
	"aarabkaceachadaadyafaafhafrainakaakkalbalealgaltamhanganpapa"
	"araarcargarmarnarpartarwasmastathausavaaveawaaymazebadbaibak"
	"balbambanbaqbasbatbejbelbembenberbhobihbikbinbisblabntbodbos"
	"brabrebtkbuabugbulburbyncadcaicarcatcaucebcelceschachbchechg"
	"chichkchmchnchochpchrchuchvchycmccnrcopcorcoscpecpfcppcrecrh"
	"crpcsbcuscymczedakdandardaydeldendeudgrdindivdoidradsbduadum"
	"dutdyudzoefiegyekaellelxengenmepoesteuseweewofanfaofasfatfij"
	"filfinfiufonfrafrefrmfrofrrfrsfryfulfurgaagaygbagemgeogergez"
	"gilglagleglgglvgmhgohgongorgotgrbgrcgregrngswgujgwihaihathau"
	"hawhebherhilhimhinhithmnhmohrvhsbhunhuphyeibaiboiceidoiiiijo"
	"ikuileiloinaincindineinhipkirairoislitajavjbojpnjprjrbkaakab"
	"kackalkamkankarkaskatkaukawkazkbdkhakhikhmkhokikkinkirkmbkok"
	"komkonkorkoskpekrckrlkrokrukuakumkurkutladlahlamlaolatlavlez"
	"limlinlitlollozltzlualublugluilunluolusmacmadmagmahmaimakmal"
	"manmaomapmarmasmaymdfmdrmenmgamicminmismkdmkhmlgmltmncmnimno"
	"mohmonmosmrimsamulmunmusmwlmwrmyamynmyvnahnainapnaunavnblnde"
	"ndondsnepnewnianicniunldnnonobnognonnornqonsonubnwcnyanymnyn"
	"nyonziociojioriormosaossotaotopaapagpalpampanpappaupeoperphi"
	"phnplipolponporprapropusquerajraprarroarohromronrumrunruprus"
	"sadsagsahsaisalsamsansassatscnscoselsemsgasgnshnsidsinsiosit"
	"slaslksloslvsmasmesmismjsmnsmosmssnasndsnksogsomsonsotspasqi"
	"srdsrnsrpsrrssasswsuksunsussuxswaswesycsyrtahtaitamtatteltem"
	"tertettgktglthatibtigtirtivtkltlhtlitmhtogtontpitsitsntsotuk"
	"tumtupturtuttvltwityvudmugauigukrumbundurduzbvaivenvievolvot"
	"wakwalwarwaswelwenwlnwolxalxhoyaoyapyidyorypkzapzblzenzghzha"
	"zhozndzulzunzxxzza";

/*
 * is_member: is s one of the codes of this width?
 */
static bool
is_member(const char *codes, Size size, const char *s, int width)
{
	int low = 0;
	int high = size / width;

	while (low < high)
	{
		int middle = (low + high) / 2;
		int order = memcmp(s, codes + middle * width, width);

		if (order == 0)
			return true;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

/*
 * dq_format_codes_country_alpha2
 */
bool
dq_format_codes_country_alpha2(const char *s, int len)
{
	return len == 2 &&
		   is_member(country_alpha2, sizeof(country_alpha2) - 1, s, 2);
}

/*
 * dq_format_codes_country_alpha3
 */
bool
dq_format_codes_country_alpha3(const char *s, int len)
{
	return len == 3 &&
		   is_member(country_alpha3, sizeof(country_alpha3) - 1, s, 3);
}

/*
 * dq_format_codes_country_numeric
 */
bool
dq_format_codes_country_numeric(const char *s, int len)
{
	return len == 3 &&
		   is_member(country_numeric, sizeof(country_numeric) - 1, s, 3);
}

/*
 * dq_format_codes_currency
 */
bool
dq_format_codes_currency(const char *s, int len)
{
	return len == 3 && is_member(currency, sizeof(currency) - 1, s, 3);
}

/*
 * dq_format_codes_language
 */
bool
dq_format_codes_language(const char *s, int len)
{
	return len == 2 &&
		   is_member(language_alpha2, sizeof(language_alpha2) - 1, s, 2);
}

/*
 * dq_format_codes_language_alpha3: also qaa to qtz, for local use.
 */
bool
dq_format_codes_language_alpha3(const char *s, int len)
{
	if (len != 3)
		return false;
	if (s[0] == 'q' && s[1] >= 'a' && s[1] <= 't' && dq_is_lower(s[2]))
		return true;
	return is_member(language_alpha3, sizeof(language_alpha3) - 1, s, 3);
}

/*
 * dq_format_codes_bic: party prefix, country, party suffix, and perhaps a
 * branch. Kosovo has no code in ISO 3166 and uses XK.
 */
bool
dq_format_codes_bic(const char *s, int len)
{
	int i;

	if (len != 8 && len != 11)
		return false;
	for (i = 0; i < len; i++)
	{
		if (!dq_is_upper(s[i]) && !dq_is_digit(s[i]))
			return false;
	}
	return dq_format_codes_country_alpha2(s + 4, 2) ||
		   strncmp(s + 4, "XK", 2) == 0;
}
