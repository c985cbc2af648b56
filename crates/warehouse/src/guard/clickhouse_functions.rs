//! ClickHouse's functions that a statement may call, by what they are for.
//!
//! Left out on purpose, besides whatever reads files, tables, dictionaries, other servers or this one's state: what gives another answer
//! each time, what depends on how rows happen to be cut into blocks (`runningDifference`), and what makes a large value from a small one
//! (`range`, `arrayWithConstant`, `arrayResize`, `space`, `format`). `repeat` and the paddings are held to written-out lengths by `size`.
//! ClickHouse spells most names in one way only; those it takes in any case stand here in lower case as well.

use std::sync::LazyLock;

const TIME: &str = "addDays addHours addMinutes addMonths addQuarters addSeconds addWeeks addYears age date_diff date_trunc dateDiff datediff dateName datename \
    dateTrunc day formatDateTime fromUnixTimestamp fromUnixTimestamp64Milli fromUnixTimestamp64Second \
    hour makeDate makedate makeDateTime minute month monthName monthname now now64 parseDateTime \
    parseDateTime64BestEffort parseDateTime64BestEffortOrNull parseDateTimeBestEffort parseDateTimeBestEffortOrNull parseDateTimeOrNull \
    quarter second subtractDays subtractHours subtractMinutes subtractMonths subtractQuarters subtractSeconds subtractWeeks \
    subtractYears timeSlot timestampDiff timeZoneOffset toDayOfMonth toDayOfWeek toDayOfYear toHour toIntervalDay \
    toIntervalHour toIntervalMinute toIntervalMonth toIntervalQuarter toIntervalSecond toIntervalWeek toIntervalYear toISOWeek \
    toISOYear toLastDayOfMonth toLastDayOfWeek toMillisecond toMinute toMonday toMonth toQuarter toRelativeDayNum toRelativeHourNum \
    toRelativeMonthNum toRelativeWeekNum toSecond toStartOfDay toStartOfFifteenMinutes toStartOfFiveMinutes toStartOfHour \
    toStartOfInterval toStartOfISOYear toStartOfMinute toStartOfMonth toStartOfQuarter toStartOfSecond toStartOfTenMinutes \
    toStartOfWeek toStartOfYear toTime toTimeZone toUnixTimestamp toUnixTimestamp64Milli toUnixTimestamp64Second toWeek toYear \
    toYearWeek toYYYYMM toYYYYMMDD toYYYYMMDDhhmmss today year yesterday";

const CONVERSION: &str = "accurateCastOrNull assumeNotNull coalesce equals greatest greater greaterOrEquals if ifNull ifnull isDistinctFrom isFinite isInfinite isNaN \
    isNotDistinctFrom isNotNull isNull isnull isZeroOrNull least less lessOrEquals multiIf notEquals nullIf nullif toBool toDate toDate32 \
    toDateOrNull toDateTime toDateTime64 toDateTime64OrNull toDateTimeOrNull toDecimal128 toDecimal32 toDecimal64 toDecimal64OrNull \
    toFloat32 toFloat32OrNull toFloat64 toFloat64OrNull toFloat64OrZero toInt16 toInt16OrNull toInt32 toInt32OrNull toInt32OrZero \
    toInt64 toInt64OrNull toInt64OrZero toInt8 toInt8OrNull toNullable toString toTypeName toUInt16 toUInt16OrNull toUInt32 \
    toUInt32OrNull toUInt32OrZero toUInt64 toUInt64OrNull toUInt64OrZero toUInt8 toUInt8OrNull toUUID toUUIDOrNull transform";

const NUMBERS: &str = "abs acos acosh and asin asinh atan atan2 atanh bitAnd bitCount bitNot bitOr bitShiftLeft bitShiftRight bitTest bitXor cbrt ceil ceiling cos cosh \
    degrees divide e exp exp10 exp2 floor gcd geoDistance greatCircleDistance hypot intDiv intDivOrZero lcm ln log log10 log1p log2 max2 \
    min2 minus mod modulo moduloOrZero multiply negate not or pi plus pointInPolygon pow power radians round roundAge roundBankers \
    roundDown roundDuration roundToExp2 sign sin sinh sqrt tan tanh trunc truncate width_bucket widthBucket xor";

const TEXT: &str = "alphaTokens appendTrailingCharIfAbsent ascii base64Decode base64Encode bin char char_length character_length cityHash64 concat concat_ws \
    concatWithSeparator countMatches countSubstrings countSubstringsCaseInsensitive damerauLevenshteinDistance decodeHTMLComponent \
    decodeURLComponent decodeXMLComponent editDistance empty encodeURLComponent endsWith endsWithUTF8 extract extractAll \
    extractGroups hasToken hasTokenCaseInsensitive hex ilike initcap initcapUTF8 isIPAddressInRange isValidUTF8 jaroWinklerSimilarity \
    left leftPad leftPadUTF8 leftUTF8 length lengthUTF8 levenshteinDistance like locate lower lowerUTF8 lpad ltrim match MD5 mid \
    multiSearchAny multiSearchFirstIndex multiSearchFirstPosition ngramDistance notEmpty notILike notLike octet_length position \
    positionCaseInsensitive positionCaseInsensitiveUTF8 positionUTF8 regexpExtract repeat replace replaceAll replaceOne \
    replaceRegexpAll replaceRegexpOne reverse reverseUTF8 right rightPad rightPadUTF8 rightUTF8 rpad rtrim SHA256 sipHash64 soundex \
    splitByChar splitByNonAlpha splitByString splitByWhitespace startsWith startsWithUTF8 substr substring substringIndex \
    substringUTF8 toIPv4 toIPv6 toValidUTF8 translate translateUTF8 trim trimBoth trimLeft trimRight unhex upper upperUTF8 xxHash64";

const URLS: &str = "cutFragment cutQueryString cutQueryStringAndFragment cutToFirstSignificantSubdomain cutURLParameter cutWWW domain domainWithoutWWW \
    extractURLParameter extractURLParameterNames extractURLParameters firstSignificantSubdomain fragment netloc path pathFull port \
    protocol queryString topLevelDomain";

const LISTS: &str = "array arrayAll arrayAvg arrayCompact arrayConcat arrayCount arrayCumSum arrayDifference arrayDistinct arrayDotProduct arrayElement \
    arrayElementOrNull arrayEnumerate arrayEnumerateUniq arrayExcept arrayExists arrayFill arrayFilter arrayFirst arrayFirstIndex \
    arrayFirstOrNull arrayFlatten arrayFold arrayIntersect arrayJoin arrayLast arrayLastIndex arrayLastOrNull arrayMap arrayMax \
    arrayMin arrayPopBack arrayPopFront arrayProduct arrayPushBack arrayPushFront arrayReverse arrayReverseFill arrayReverseSort \
    arraySlice arraySort arraySplit arrayStringConcat arraySum arrayUnion arrayUniq arrayZip countEqual emptyArrayInt64 \
    emptyArrayString has hasAll hasAny hasSubstr indexOf map mapAdd mapAll mapApply mapContains mapContainsKey mapContainsKeyLike \
    mapContainsValue mapExists mapExtractKeyLike mapFilter mapFromArrays mapKeys mapSort mapSubtract mapUpdate mapValues tuple \
    tupleConcat tupleElement";

const JSON: &str = "isValidJSON JSON_EXISTS JSON_QUERY JSON_VALUE JSONExtract JSONExtractArrayRaw JSONExtractBool JSONExtractFloat JSONExtractInt JSONExtractKeys \
    JSONExtractKeysAndValues JSONExtractRaw JSONExtractString JSONExtractUInt JSONHas JSONLength JSONType simpleJSONExtractBool \
    simpleJSONExtractFloat simpleJSONExtractInt simpleJSONExtractRaw simpleJSONExtractString simpleJSONHas visitParamExtractString";

const WINDOWS: &str = "cume_dist dense_rank lag lagInFrame lead leadInFrame nth_value ntile percent_rank rank row_number";

/// Aggregates: these take combinators as well, `countIf` and `uniqExactOrNull`.
const AGGREGATES: &str = "any anyHeavy anyLast argMax argMin array_agg avg avgWeighted boundingRatio contingency corr corrStable count covarPop covarSamp cramersV \
    deltaSum entropy exponentialMovingAverage first_value groupArray groupArraySorted groupBitAnd groupBitOr groupBitXor \
    groupUniqArray kurtPop kurtSamp last_value mannWhitneyUTest max median medianExact medianTDigest min quantile quantileExact \
    quantileExactExclusive quantileExactHigh quantileExactInclusive quantileExactLow quantileExactWeighted quantiles quantilesExact \
    quantilesExactInclusive quantilesTDigest quantileTDigest quantileTiming rankCorr retention sequenceCount sequenceMatch \
    simpleLinearRegression skewPop skewSamp std stddev_pop stddev_samp stddevPop stddevSamp studentTTest sum sumKahan \
    sumWithOverflow topK topKWeighted uniq uniqCombined uniqCombined64 uniqExact uniqHLL12 uniqUpTo var_pop var_samp varPop varSamp \
    welchTTest windowFunnel";

/// Endings that make another aggregate of one. `State` and `Merge` are not among them: their values are the server's own.
const COMBINATORS: [&str; 5] = ["If", "Distinct", "Array", "OrNull", "OrDefault"];

/// All of them, sorted.
pub fn clickhouse_functions() -> &'static [&'static str] {
    static FUNCTIONS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
        let topics = [
            TIME, CONVERSION, NUMBERS, TEXT, URLS, LISTS, JSON, WINDOWS, AGGREGATES,
        ];
        let mut names: Vec<&'static str> = topics
            .iter()
            .flat_map(|topic| topic.split_whitespace())
            .collect();
        names.sort_unstable();
        names
    });
    &FUNCTIONS
}

/// The aggregate in a name that may have combinators.
pub(super) fn aggregate(name: &str) -> Option<&'static str> {
    let mut base = name;
    loop {
        if let Some(found) = AGGREGATES.split_whitespace().find(|known| *known == base) {
            return Some(found);
        }
        base = COMBINATORS
            .iter()
            .find_map(|ending| base.strip_suffix(ending))?;
    }
}

/// What does in ClickHouse what other databases call `name`.
pub(super) fn instead_of(name: &str) -> Option<&'static str> {
    Some(match name.to_ascii_lowercase().as_str() {
        "range" | "numbers" | "generate_series" | "arraywithconstant" | "arrayresize" => {
            "Lists cannot be generated; the get_trend tool fills gaps with zeros."
        }
        "currentdatabase" | "currentuser" | "hostname" | "user" | "version" | "getsetting"
        | "uptime" => "A query cannot ask about the server or the caller; the whoami tool can.",
        "date_add" | "dateadd" => "Write time + INTERVAL 7 DAY, or addDays(time, 7).",
        "date_sub" | "datesub" => "Write time - INTERVAL 7 DAY, or subtractDays(time, 7).",
        "property" | "json_extract" | "json_extract_string" => "Write properties['key'].",
        "percentile_cont" | "approx_percentile_cont" => "Write quantileExactInclusive(0.9)(x).",
        "rand" | "rand32" | "rand64" | "generateuuidv4" | "random" | "uuid" => {
            "Answers must be the same each time; order by a column instead."
        }
        "strftime" | "to_char" | "date_format" => "Write formatDateTime(time, '%Y-%m-%d').",
        "string_agg" | "group_concat" | "listagg" => {
            "Write arrayStringConcat(groupArray(text), ', ')."
        }
        "unnest" => "Write arrayJoin(list).",
        "bucket_start" => "Write toStartOfDay(time, 'Europe/Berlin').",
        "max_by" | "arg_max" => "Write argMax(x, time).",
        "min_by" | "arg_min" => "Write argMin(x, time).",
        "approx_distinct" => "Write uniq(x), or uniqExact(x).",
        "regexp_like" | "regexp_matches" => "Write match(text, 'pattern').",
        "strpos" => "Write position(text, 'part').",
        _ => return None,
    })
}
