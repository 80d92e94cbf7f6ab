package pbx

import (
	"errors"
	"testing"
)

func TestNumberBlocks(t *testing.T) {
	for name, c := range map[string]struct {
		block       NumberBlock
		first, last string
		count       int
		wrong       string // the field, "" for none
	}{
		"by count":         {NumberBlock{First: "+4930123450", Count: 3}, "+4930123450", "+4930123452", 3, ""},
		"by last":          {NumberBlock{First: "+4930123498", Last: "+4930123501"}, "+4930123498", "+4930123501", 4, ""},
		"one":              {NumberBlock{First: "+4930123450", Last: "+4930123450"}, "+4930123450", "+4930123450", 1, ""},
		"all that may be":  {NumberBlock{First: "+493012340000", Count: MaxBlock}, "+493012340000", "+493012349999", MaxBlock, ""},
		"too many":         {NumberBlock{First: "+493012340000", Count: MaxBlock + 1}, "", "", 0, "first"},
		"too many by last": {NumberBlock{First: "+493012340000", Last: "+493012350000"}, "", "", 0, "first"},
		"far too many":     {NumberBlock{First: "+493012345678901", Last: "+998012345678901"}, "", "", 0, "first"},
		"both":             {NumberBlock{First: "+4930123450", Count: 1, Last: "+4930123450"}, "", "", 0, "count"},
		"neither":          {NumberBlock{First: "+4930123450"}, "", "", 0, "count"},
		"less than none":   {NumberBlock{First: "+4930123450", Count: -1}, "", "", 0, "first"},
		"no number":        {NumberBlock{First: "030123450", Count: 1}, "", "", 0, "first"},
		"backwards":        {NumberBlock{First: "+4930123450", Last: "+4930123449"}, "", "", 0, "last"},
		"another length":   {NumberBlock{First: "+4930123450", Last: "+49301234500"}, "", "", 0, "last"},
		"no last number":   {NumberBlock{First: "+4930123450", Last: "x"}, "", "", 0, "last"},
		"one digit more":   {NumberBlock{First: "+9989999999", Count: 100_000}, "", "", 0, "first"},
	} {
		numbers, err := c.block.Numbers()
		var refused *Error
		if errors.As(err, &refused) != (c.wrong != "") || refused != nil && refused.Field != c.wrong {
			t.Errorf("%s: %v, want %q to be wrong", name, err, c.wrong)
		}
		if len(numbers) != c.count || c.count > 0 && (numbers[0] != c.first || numbers[c.count-1] != c.last) {
			t.Errorf("%s: %d numbers", name, len(numbers))
		}
	}
	if d := LastDigits("+49301234567", 3); d.String() != "extension:567" {
		t.Errorf("the extension is %s", d)
	}
}
