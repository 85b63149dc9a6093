"""Evidently behind one function: the only module that knows it."""

import warnings

import pyarrow as pa

_MOST_ROWS = 5000


def render(current: pa.Table, reference: pa.Table) -> bytes:
    """Evidently's drift report of two tables with the same columns, as one HTML page; large ones are thinned evenly."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # all of them are about its own dependencies or columns without a value
        from evidently import Report  # heavy: several seconds, and only wanted when there is something to draw
        from evidently.presets import DataDriftPreset

        drawn = Report([DataDriftPreset(method="kl_div")]).run(
            _thinned(current).to_pandas(), _thinned(reference).to_pandas()
        )
        return str(drawn.get_html_str(as_iframe=False)).encode()


def _thinned(table: pa.Table) -> pa.Table:
    step = -(-table.num_rows // _MOST_ROWS) or 1
    return table.take(list(range(0, table.num_rows, step)))
