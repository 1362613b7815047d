"""Checks the check digits of identifiers with an outside library.

Usage: python identifiers.py FILE...
Needs: pip install python-stdnum==2.1

Each line holds a generator, a locale and a value, with tabs between them. Values are validated whole
where the library does that for the range that they come from; of others, whose ranges are never
issued and which the library refuses for that, it computes the check digits anew. It prints the number
of values and ends with status 0, or names the first fault and ends with 1.
"""

import sys
from importlib import import_module

from stdnum import isin, luhn
from stdnum.cn import ric
from stdnum.gb import sedol
from stdnum.iso7064 import mod_11_10

# Where the library has a module that accepts the values.
MODULES = {
    ("aba_routing_number", "-"): "us.rtn",
    ("bic", "-"): "bic",
    ("credit_card_number", "-"): "luhn",
    ("cusip", "-"): "cusip",
    ("ean13", "-"): "ean",
    ("ean8", "-"): "ean",
    ("gtin14", "-"): "ean",
    ("health_insurance_code", "-"): "fr.nir",
    ("iban", "-"): "iban",
    ("iccid", "-"): "luhn",
    ("imei", "-"): "imei",
    ("imsi", "-"): "imsi",
    ("isbn10", "-"): "isbn",
    ("isbn13", "-"): "isbn",
    ("lei", "-"): "lei",
    ("upc_a", "-"): "ean",
    ("national_id", "es_ES"): "es.dni",
    ("national_id", "fr_FR"): "fr.nir",
    ("national_id", "it_IT"): "it.codicefiscale",
    ("national_id", "ja_JP"): "jp.in_",
    ("national_id", "nl_NL"): "nl.bsn",
    ("national_id", "pl_PL"): "pl.pesel",
    ("national_id", "pt_BR"): "br.cpf",
    ("vat_number", "en_GB"): "gb.vat",
    ("vat_number", "es_ES"): "es.nif",
    ("vat_number", "fr_FR"): "fr.tva",
    ("vat_number", "nl_NL"): "nl.btw",
    ("vat_number", "pl_PL"): "pl.nip",
    ("vat_number", "pt_BR"): "br.cnpj",
    ("vat_number", "zh_CN"): "cn.uscc",
}

# Where it accepts none of a range that is never issued: its check digits.
DIGITS = {
    ("isin", "-"): lambda value: isin.calc_check_digit(value[:-1]) == value[-1],
    ("national_id", "de_DE"): mod_11_10.is_valid,
    ("national_id", "zh_CN"): lambda value: ric.calc_check_digit(value) == value[-1],
    # The prefix of card numbers of US health care stands before it (45 CFR 162.406).
    ("npi", "-"): lambda value: luhn.is_valid("80840" + value),
    ("sedol", "-"): lambda value: sedol.calc_check_digit(value[:-1]) == value[-1],
    ("vat_number", "de_DE"): lambda value: mod_11_10.is_valid(value[2:]),
    ("vat_number", "it_IT"): lambda value: luhn.is_valid(value[2:]),
    # The letter of the register of invoices stands before it.
    ("vat_number", "ja_JP"): lambda value: import_module("stdnum.jp.cn").is_valid(value[1:]),
}


def is_right(kind, value):
    if kind in DIGITS:
        return DIGITS[kind](value)
    return import_module("stdnum." + MODULES[kind]).is_valid(value)


def main(paths):
    count, kinds = 0, set()
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for line in file:
                generator, locale, value = line.rstrip("\n").split("\t")
                if not is_right((generator, locale), value):
                    sys.exit(f"{generator} {locale}: {value}")
                kinds.add((generator, locale))
                count += 1
    missing = (MODULES.keys() | DIGITS.keys()) - kinds
    if missing:
        sys.exit(f"no values of {sorted(missing)}")
    print(f"{count} identifiers of {len(kinds)} kinds are right")


if __name__ == "__main__":
    main(sys.argv[1:])
