package schema

import (
	"encoding/json"
	"math"
	"math/big"
	"regexp"
	"strings"
)

// NaturalError says why a value is no integer of at least 0, in pydantic's words.
type NaturalError struct {
	Type string // of the Violation
	Msg  string
}

func (e *NaturalError) Error() string { return e.Msg }

var (
	errNotInteger    = &NaturalError{"int_type", "Input should be a valid integer"}
	errFraction      = &NaturalError{"int_from_float", "Input should be a valid integer, got a number with a fractional part"}
	errInfinite      = &NaturalError{"finite_number", "Input should be a finite number"}
	errIntegerText   = &NaturalError{"int_parsing", "Input should be a valid integer, unable to parse string as an integer"}
	errIntegerDigits = &NaturalError{"int_parsing_size", "Unable to parse input string as an integer, exceeded maximum size"}
	errNegative      = &NaturalError{"greater_than_equal", "Input should be greater than or equal to 0"}
)

// maxIntegerDigits is the length of the longest integer that a string may spell.
const maxIntegerDigits = 4300

// ParseNatural reads an integer of at least 0 from a decoded JSON value, as lax
// as pydantic is: from an integer, a float without a fraction, true and false,
// and a string that spells an integer, with spaces around it, a sign, leading
// zeros, underscores between digits, or a fraction of zeros. The error is a
// *NaturalError.
func ParseNatural(v any) (*big.Int, error) {
	n, err := parseInteger(v)
	if err == nil && n.Sign() < 0 {
		return nil, errNegative
	}
	return n, err
}

func parseInteger(v any) (*big.Int, error) {
	switch v := v.(type) {
	case bool:
		if v {
			return big.NewInt(1), nil
		}
		return new(big.Int), nil
	case json.Number:
		if n, ok := new(big.Int).SetString(v.String(), 10); ok {
			return n, nil
		}
		return nil, errInfinite // what outline makes of it
	case float64:
		return integerOfFloat(v)
	case string:
		return integerOfText(v)
	default:
		return nil, errNotInteger
	}
}

func integerOfFloat(f float64) (*big.Int, error) {
	if math.IsInf(f, 0) {
		return nil, errInfinite
	}
	if f != math.Trunc(f) {
		return nil, errFraction
	}
	n, _ := big.NewFloat(f).Int(nil)
	return n, nil
}

var integerText = regexp.MustCompile(`^[+-]?[0-9]+(_[0-9]+)*(\.0*)?$`)

func integerOfText(text string) (*big.Int, error) {
	text = strings.TrimSpace(text)
	if !integerText.MatchString(text) {
		return nil, errIntegerText
	}
	digits, _, _ := strings.Cut(strings.ReplaceAll(text, "_", ""), ".")
	sign := strings.HasPrefix(digits, "-")
	digits = strings.TrimLeft(digits, "+-0")
	if len(digits) > maxIntegerDigits {
		return nil, errIntegerDigits
	}
	n, _ := new(big.Int).SetString("0"+digits, 10)
	if sign {
		n.Neg(n)
	}
	return n, nil
}
