from pathlib import Path
from small_library import *
def test_x(full_home: Path, tmp_path: Path, batch) -> None:
    with working_in(tmp_path):
        a = canoe_here("ingest", "batch", "--home", full_home, "--json")
    print(a.err); 
    for p in a.json["pieces"]: print(p)
    print(a.json["counts"])
    print(canoe_here("accessions", "--home", full_home, "--json"))
    print("\n".join(items(full_home)))
    assert 0
