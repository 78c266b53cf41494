package wire

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// maxIntegerText is the largest length of a text that is read as an integer, in
// bytes.
const maxIntegerText = 500

// parseInteger reads a nonnegative integer from a decoded JSON value. It accepts
// what pydantic accepts: an integer, a float without a fraction, true and false,
// and a string that contains an integer. The string may have spaces around it, a
// sign, leading zeros, underscores between digits, and a fraction of zeros. The
// problem is nil if v is such a value.
func parseInteger(v any) (int64, *problem) {
	switch v := v.(type) {
	case bool:
		if v {
			return 1, nil
		}
		return 0, nil
	case json.Number:
		return integerOfDigits(v.String())
	case float64:
		return integerOfFloat(v)
	case string:
		return integerOfText(v)
	default:
		return 0, intType
	}
}

func integerOfFloat(f float64) (int64, *problem) {
	switch {
	case math.IsInf(f, 0) || math.IsNaN(f):
		return 0, finiteNumber
	case f != math.Trunc(f):
		return 0, intFromFloat
	case f >= 1<<63 || f <= -1<<63:
		return 0, intParsingSize
	case f < 0:
		return 0, atLeastZero
	}
	return int64(f), nil
}

func integerOfText(text string) (int64, *problem) {
	text = strings.TrimSpace(text)
	if !isIntegerText(text) {
		return 0, intParsing
	}
	if len(text) > maxIntegerText {
		return 0, intParsingSize
	}
	digits, _, _ := strings.Cut(strings.ReplaceAll(text, "_", ""), ".")
	return integerOfDigits(strings.TrimPrefix(digits, "+"))
}

func integerOfDigits(digits string) (int64, *problem) {
	n, err := strconv.ParseInt(digits, 10, 64)
	switch {
	case n < 0:
		return 0, atLeastZero
	case err != nil:
		return 0, intParsingSize
	}
	return n, nil
}

// isIntegerText reports whether text consists of an optional sign, digits with
// single underscores between them, and an optional point with zeros after it.
func isIntegerText(text string) bool {
	if text != "" && (text[0] == '+' || text[0] == '-') {
		text = text[1:]
	}
	digits, zeros, point := strings.Cut(text, ".")
	if point && (zeros == "" || strings.Trim(zeros, "0") != "") {
		return false
	}
	afterDigit := false
	for _, c := range []byte(digits) {
		isDigit := '0' <= c && c <= '9'
		if !isDigit && (c != '_' || !afterDigit) {
			return false
		}
		afterDigit = isDigit
	}
	return afterDigit
}
