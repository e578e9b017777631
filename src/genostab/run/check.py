"""Every error of a manifest and of the files that it names, before any work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from genostab.assays.observations import measure_observations
from genostab.compliance.profile import load_profile
from genostab.culture.growth import check_passages
from genostab.errors import GenostabError, GenostabErrors
from genostab.io.animals import read_animals
from genostab.io.bam import read_alignment_header
from genostab.io.bins import read_bins
from genostab.io.droplets import read_droplets
from genostab.io.genome import check_contigs, load_genome
from genostab.io.metaphases import read_metaphases
from genostab.io.observations import read_observations
from genostab.io.passages import read_passages
from genostab.io.plate import read_plate
from genostab.io.snp_array import read_snp_array
from genostab.io.vcf import read_allele_depths
from genostab.lot.load import load_manifest
from genostab.lot.manifest import Manifest
from genostab.run.blocks import input_files
from genostab.run.file_kind import file_kind

Probe = Callable[[], object]


def check_lot(path: Path) -> int:
    """Number of files looked at.

    Parameters
    ----------
    path : Path, a manifest

    Raises
    ------
    GenostabErrors
        All errors together: those of the manifest, or, where it can be read, those of its profile and files.
    """
    manifest = load_manifest(path)
    errors: list[GenostabError] = []
    for probe in _probes(manifest):
        try:
            probe()
        except GenostabErrors as several:
            errors += several.errors
        except GenostabError as one:
            errors.append(one)
    if errors:
        raise GenostabErrors(errors)
    return len(input_files(manifest))


def _probes(manifest: Manifest) -> list[Probe]:
    probes: list[Probe] = [lambda: load_profile(manifest.profile)]
    if manifest.metaphases:
        probes.append(lambda: read_metaphases(_given(manifest.metaphases)))
    if manifest.observations:
        probes.append(lambda: measure_observations(read_observations(_given(manifest.observations))))
    if manifest.culture:
        passages = manifest.culture.passages
        probes.append(lambda: check_passages(read_passages(passages), str(passages)))
    probes += [_droplets_probe(entry.file) for entry in manifest.residual if entry.file is not None]
    if manifest.telomerase:
        plate = manifest.telomerase
        probes.append(lambda: read_plate(plate.plate, plate.layout))
    if manifest.tumorigenicity:
        tables = (manifest.tumorigenicity.animals, manifest.tumorigenicity.dilution)
        probes += [_animals_probe(table) for table in tables if table is not None]
    return probes + _sequencing_probes(manifest)


def _given(path: Path | None) -> Path:
    assert path is not None
    return path


def _droplets_probe(path: Path) -> Probe:
    return lambda: read_droplets(path)


def _animals_probe(path: Path) -> Probe:
    return lambda: read_animals(path)


def _sequencing_probes(manifest: Manifest) -> list[Probe]:
    block = manifest.sequencing
    if block is None:
        return []
    genome = load_genome(manifest.assembly)

    def probe_of(path: Path, is_array: bool) -> Probe:
        kind = "array" if is_array else file_kind(path)
        if kind == "array":
            return lambda: read_snp_array(path, genome)
        if kind == "bins":
            return lambda: read_bins(path, genome)
        return lambda: check_contigs(read_alignment_header(path).contigs, genome, str(path))

    own = [path for path in (block.sample, *block.parent) if path is not None]
    probes = [probe_of(path, is_array=block.array is not None and path != block.sample) for path in own]
    if block.array is not None:
        probes.append(probe_of(block.array, is_array=True))
    if block.snps is not None:
        snps = block.snps
        probes.append(lambda: read_allele_depths(snps, genome))
    return probes
