"""Parts that travel in pieces are the parts that were cut."""

import random

import pytest

from trailwhy import TrailwhyError, parts


@pytest.mark.parametrize("sizes", [[1], [7, 8, 9], [40, 1, 16]])
def test_pieces_in_any_order_make_the_parts(sizes, tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "_PIECE", 8)
    chance = random.Random(len(sizes))
    whole = [chance.randbytes(size) for size in sizes]
    travelling = []
    for number, content in enumerate(whole):
        (tmp_path / "one").write_bytes(content)
        travelling += parts.pieces(tmp_path / "one", number)
    chance.shuffle(travelling)
    (tmp_path / "into").mkdir()
    gathered = parts.gather(iter(travelling), tmp_path / "into")
    assert [file.read_bytes() for file in gathered] == whole
    for lost in range(len(travelling)):
        some = travelling[:lost] + travelling[lost + 1 :]
        of_lost = [piece for piece in some if piece[0] == travelling[lost][0]]
        if of_lost:
            (tmp_path / f"into-{lost}").mkdir()
            with pytest.raises(TrailwhyError, match="incomplete"):
                parts.gather(iter(some), tmp_path / f"into-{lost}")
