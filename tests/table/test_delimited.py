"""CSV: a column is what all its values are, and text otherwise."""

import numpy as np
import pandas as pd
import pytest

from synthgen.exceptions import TableFileError
from synthgen.table.read import read_table

TEXT = str(pd.Series(["a"]).dtype)

COLUMNS = {
    "whole": (["1", "-2", "0"], "int64"),
    "whole with gaps": (["1", "", "NA"], "Int64"),
    "beyond int64": (["18446744073709551615", "1", "2"], "uint64"),
    "too long for any": (["99999999999999999999", "1", "2"], TEXT),
    "leading zeros": (["01234", "99999", "10000"], TEXT),
    "leading zero floats": (["01.5", "2.5", "3.5"], TEXT),
    "telephone": (["+4912345", "+4912346", "+4912347"], TEXT),
    "floats": (["1.5", ".5", "1e-3"], "float64"),
    "floats and gaps": (["1.0", "", "nan"], "float64"),
    "infinite": (["inf", "-inf", "1.5"], "float64"),
    "spaces": ([" 1", "2 ", "3"], "int64"),
    "quoted gaps": (['"1"', '""', '"NA"'], "Int64"),
    "booleans": (["true", "false", "true"], "bool"),
    "booleans with gaps": (["True", "False", ""], "boolean"),
    "only ones": (["1", "1", "0"], "int64"),
    "yes and no": (["yes", "no", "yes"], TEXT),
    "mixed booleans": (["true", "FALSE", "x"], TEXT),
    "days": (["2020-01-31", "", "2021-02-01"], "datetime64[s]"),
    "no day": (["2020-02-30", "2020-01-01", "2020-01-02"], TEXT),
    "minutes": (["2020-01-31T10:30", "2020-01-31 10:31", "2020-01-31"], "datetime64[s]"),
    "milliseconds": (["2020-01-31 10:30:00.125", "2020-01-31", ""], "datetime64[ms]"),
    "nanoseconds": (["2020-01-31 10:30:00.123456789", "2020-01-31", ""], "datetime64[ns]"),
    "zoned": (["2020-01-31T10:30:00Z", "2020-01-31T10:30:00+02:00", ""], "datetime64[s, UTC]"),
    "zoned and not": (["2020-01-31T10:30:00Z", "2020-01-31T10:30:00", ""], TEXT),
    "time of day": (["10:30", "11:30", "12:30"], TEXT),
    "numbers and words": (["1", "2", "three"], TEXT),
    "underscores": (["1_000", "2", "3"], TEXT),
    "nothing": (["", "", "NULL"], TEXT),
}


def save(folder, content, name="t.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("name", COLUMNS)
def test_types(tmp_path, name):
    values, dtype = COLUMNS[name]
    rows = "".join(f"{v},x\n" for v in values)
    found = read_table(save(tmp_path, f"value,other\n{rows}"))
    assert str(found["value"].dtype) == dtype
    gaps = [v.strip('"') in ("", "NA", "nan", "NULL") for v in values]
    assert found["value"].isna().tolist() == gaps


def test_codes_keep_every_character(tmp_path):
    found = read_table(save(tmp_path, "zip\n01234\n00001\n"))
    assert found["zip"].tolist() == ["01234", "00001"]


def test_quotes_tell_an_empty_text_from_a_missing_one(tmp_path):
    found = read_table(save(tmp_path, 'a,b\n"",x\n,y\n"NA",z\n'))["a"]
    assert found.isna().tolist() == [False, True, False]
    assert found.tolist()[::2] == ["", "NA"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_in_the_header(tmp_path, delimiter):
    found = read_table(save(tmp_path, f'a{delimiter}"b, or ; c"\n1{delimiter}2\n'))
    assert list(found) == ["a", "b, or ; c"]
    assert found.iloc[0].tolist() == [1, 2]


def test_byte_order_mark_windows_lines_and_no_last_newline(tmp_path):
    found = read_table(save(tmp_path, b"\xef\xbb\xbfa,b\r\n1,x\r\n2,y"))
    assert found.to_dict("list") == {"a": [1, 2], "b": ["x", "y"]}


def test_blank_lines_are_missing_values_only_where_there_is_one_column(tmp_path):
    assert read_table(save(tmp_path, "a\n1\n\n3\n"))["a"].isna().tolist() == [False, True, False]
    assert len(read_table(save(tmp_path, "a,b\n1,2\n\n3,4\n"))) == 2


def test_many_columns_and_long_headers(tmp_path):
    names = [f"gene_{i:05d}_with_a_long_name" for i in range(5000)]
    found = read_table(save(tmp_path, ",".join(names) + "\n" + ",".join(map(str, range(5000))) + "\n"))
    assert found.shape == (1, 5000)
    assert (found.to_numpy()[0] == np.arange(5000)).all()


BAD = {
    "0 bytes": (b"", "t.csv: is empty; it needs a first line"),
    "blank": (b"\n\n", "t.csv: is empty"),
    "header only": (b"a,b\n", "t.csv: has a header but no rows"),
    "header without newline": (b"a,b", "t.csv: has a header but no rows"),
    "short row": (b"a,b\n1,2\n3\n", "t.csv: row 3 has 1 values, but the header names 2 columns"),
    "long row": (b"a,b\n1,2,3\n", "t.csv: row 2 has 3 values, but the header names 2 columns"),
    "unclosed quote": (b'a,b\n"x,2\n3,4\n', "t.csv: row 2 has 1 values"),
    "latin-1 value": (
        "a,b\n1,ä\n".encode("latin-1"),
        "t.csv: row 2, column 'b' is not UTF-8 text; save the file as UTF-8",
    ),
    "latin-1 header": ("a,ä\n1,2\n".encode("latin-1"), "t.csv: the header is not UTF-8 text"),
    "utf-16": ("a,b\n1,2\n".encode("utf-16"), "t.csv: is UTF-16 text; save it as UTF-8"),
    "binary": (b"\x7fELF\0\0\0\n", "t.csv: is not text, so not CSV"),
    "same name twice": (
        b"a,b,a\n1,2,3\n",
        "t.csv: column names must be distinct, but columns 1 and 3 are both called 'a'",
    ),
    "no name": (b"a,,c\n1,2,3\n", "t.csv: column 2 has no name"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_table_is_refused(tmp_path, case):
    content, message = BAD[case]
    with pytest.raises(TableFileError) as caught:
        read_table(save(tmp_path, content))
    assert str(caught.value).removeprefix(f"{tmp_path}/").startswith(message)
    assert "\n" not in str(caught.value)


def test_a_gzip_file_that_is_cut_short_or_none(tmp_path):
    import gzip

    whole = gzip.compress(b"a,b\n1,2\n" * 100)
    for content in (whole[: len(whole) // 2], b"a,b\n1,2\n"):
        with pytest.raises(TableFileError, match=r"t\.csv\.gz: is not a whole gzip file"):
            read_table(save(tmp_path, content, "t.csv.gz"))
