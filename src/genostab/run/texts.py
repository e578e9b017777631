"""What the report says of its methods and their limits."""

from __future__ import annotations

METHODS = (
    (
        "Copy number from reads",
        "Primary, unduplicated reads are counted once per fragment in bins whose width follows the number of reads. "
        "GC content per bin is that of the reads themselves unless a track or FASTA is given; its trend is learned "
        "within chromosome arms. Gaps, repeats and exclusion lists are masked. With a parent line the "
        "profile is the log2 ratio of the two; the centre is that of bins outside significant changes. Segments are "
        "the exact optimum of weighted squared error plus a penalty per break (functional pruning). Segments, arms "
        "and chromosomes are tested against counting noise, overdispersion and waves, all estimated from the sample; "
        "at most 1 % of euploid genomes are meant to have a false call. A panel of normals, where given, takes out the "
        "yield of bins, the waves that libraries share and the bins that vary between people; a change of a whole arm "
        "is never taken for a wave.",
    ),
    (
        "Cell fraction and sensitivity",
        "The cell fraction assumes one copy more or less where that explains the ratio, with a 95 % interval from the "
        "noise of the region. Sensitivity is the fraction at which the same test finds a one-copy change in 95 % of "
        "samples like this one.",
    ),
    (
        "Alleles",
        "Allele fractions of heterozygous SNPs and depth are read together: noise fitted to the balanced chromosomes "
        "of the sample, phase used where it is given, runs of imbalance by a hidden Markov model, chromosomes and "
        "arms tested whole. The evidence is a likelihood ratio averaged over what may be, which noise passes in at "
        "most 0.5 % of genomes. State (copies of either allele) and share of cells are the posterior of both signals. "
        "Stretches of 5 Mb or more without a heterozygous SNP are listed; a parent's alleles tell whether they are "
        "inherited.",
    ),
    (
        "Whose DNA",
        "Identity: likelihood of one donor against relatives and unrelated people over SNPs of the autosomes, with "
        "genotype error and stretches of lost alleles. Contamination: shift of homozygous SNPs in proportion to the "
        "frequency of the other allele, alike on all chromosomes. SNV hotspots: by the annotation of the VCF.",
    ),
    (
        "Assays",
        "Metaphases: ISCN clonality rule, exact binomial bounds. Residual iPSC: exact one-sided bounds and a "
        "Gamma-Poisson posterior carried to the dose; tumour probabilities are a band between published tumour-"
        "producing doses of animal routes. Telomerase: standard curve with efficiency gate, net of the heat-treated "
        "pair. Stated results are taken as the laboratory stated them.",
    ),
    (
        "Verdicts",
        "Each limit comes from the profile named above, with its source. PASS needs evidence: an assay whose limit of "
        "detection is above the limit, too few cells, or an interval that straddles the limit is INDETERMINATE; a "
        "failed control is INVALID.",
    ),
)

LIMITS = (
    (
        "Not seen by depth or arrays",
        "Balanced translocations and inversions, changes of single cells, polyploidy of all cells, and anything below "
        "the fractions and sizes of the sensitivity table. Sequencing does not replace metaphases.",
    ),
    (
        "Withheld",
        "No call is reported, and the copy-number criteria are INVALID, where the data cannot carry one: coverage "
        "alone without its GC content or of capture targets, with neither parent nor panel, and arrays whose Log R "
        "ratio is noisier than the published limit. X and Y are not called from ratios without a parent.",
    ),
    (
        "Empty sequence",
        "Without a parent, a homozygous loss looks like a gap of the assembly unless the reference sequence or a list "
        "of gaps is given. What lies inside a common germline variant is never named acquired.",
    ),
    (
        "Ploidy",
        "Depth alone cannot tell two extra copies in some cells from one extra copy in twice as many, nor a genome "
        "from the same genome doubled. The nearest explanation is reported; the other readings of the whole profile "
        "are listed under Ploidy with their likelihood.",
    ),
    (
        "Profiles",
        "Of the 2021 China standard only the abstract was at hand. Its 11 attributes are the schema; every number "
        "comes from another named source.",
    ),
)
