"""The words of the scores of genes and variants."""

from __future__ import annotations

from synthgen.reports.wording import Wording

_AATS_SOURCE = "B. Yelmen et al., PLoS Genetics 17 (2021)"
GENOMIC = {
    "gene_means": Wording(
        "Gene means",
        "expression",
        "higher",
        "Whether genes that are expressed much are expressed much in the synthetic rows (1 = just so).",
        "Pearson's r over genes of the means, against held-out rows, on the scale that the section states",
        "as in countsimQC: C. Soneson, M. D. Robinson, Bioinformatics 34 (2018)",
        needs_holdout=True,
    ),
    "gene_means_slope": Wording(
        "Gene means, slope",
        "expression",
        "near the ceiling",
        "By how much the means grow with those of held-out rows: below the ceiling, highly and lowly expressed genes are "
        "drawn together.",
        "least-squares slope over genes of the means on those of held-out rows",
        "ordinary least squares",
        needs_holdout=True,
    ),
    "gene_variances": Wording(
        "Gene variances",
        "expression",
        "higher",
        "Whether genes that vary much vary much in the synthetic rows (1 = just so).",
        "Pearson's r over genes of the variances, against held-out rows",
        "as for gene means",
        needs_holdout=True,
    ),
    "gene_variances_slope": Wording(
        "Gene variances, slope",
        "expression",
        "near the ceiling",
        "Below the ceiling, genes vary too little: the usual fault of generators.",
        "least-squares slope over genes of the variances on those of held-out rows",
        "ordinary least squares",
        needs_holdout=True,
    ),
    "gene_zeros": Wording(
        "Share of zeros by gene",
        "expression",
        "higher",
        "Whether genes that are often 0 are often 0 in the synthetic rows (1 = just so).",
        "Pearson's r over genes of the shares of values that are 0",
        "as for gene means",
        needs_holdout=True,
    ),
    "gene_correlations": Wording(
        "Gene-gene correlations",
        "expression",
        "higher",
        "Whether genes vary together as they do in held-out rows. The ceiling shows how much of that real rows themselves "
        "repeat: with few rows it is far below 1, and the memoriser no higher.",
        "Pearson's r of the upper triangles of the correlation matrices of at most 1,000 random genes (of those that "
        "are not 0 in a tenth of the real rows, where there are 100 such), against held-out rows",
        "scored on held-out rows, since agreement with training rows rewards copying",
        needs_holdout=True,
    ),
    "library_size": Wording(
        "Library size",
        "expression",
        "higher",
        "How alike the distributions of the row totals are (1 = the same).",
        "1 − Kolmogorov-Smirnov distance of the row totals from those of held-out rows",
        "L. Zappia, B. Phipson, A. Oshlack, Genome Biology 18 (2017)",
        needs_holdout=True,
    ),
    "detected_genes": Wording(
        "Detected genes",
        "expression",
        "higher",
        "How alike the distributions of the number of genes above 0 in a row are (1 = the same).",
        "1 − Kolmogorov-Smirnov distance of the number of genes above 0",
        "as for library size",
        needs_holdout=True,
    ),
    "fold_changes": Wording(
        "Fold changes between classes, slope",
        "expression",
        "near the ceiling",
        "Above the ceiling, the synthetic rows exaggerate the differences between the classes; below, they blur them.",
        "least-squares slope over genes of the differences of class means on those of held-out rows; noise in these lowers "
        "it, for real rows too",
        "ordinary least squares",
        needs_holdout=True,
    ),
    "top_genes": Wording(
        "Most different genes in common",
        "expression",
        "higher",
        "Share of the genes that differ most between the classes which are the same in held-out rows (1 = all).",
        "overlap of the 100 genes (5% where there are fewer than 2,000) with the largest |t|, Welch's test",
        "B. L. Welch, Biometrika 34 (1947)",
        needs_holdout=True,
    ),
    "passing_genes": Wording(
        "Genes that pass, inflation",
        "expression",
        "near the ceiling",
        "How many times as many genes differ between the classes by a test as in equally many held-out rows. Above the "
        "ceiling, a study on synthetic rows makes discoveries that are none.",
        "genes at a false discovery rate of 5% (Welch's t, Benjamini-Hochberg), over the number in held-out rows",
        "Y. Benjamini, Y. Hochberg, JRSS B 57 (1995)",
        needs_holdout=True,
    ),
    "allele_frequencies": Wording(
        "Allele frequencies",
        "genotypes",
        "higher",
        "Whether common alleles are common and rare ones rare (1 = just so). Independent columns score as well.",
        "Pearson's r over variants of the frequencies of the counted allele, against held-out rows",
        "as in B. Yelmen et al., PLoS Genetics 17 (2021)",
        needs_holdout=True,
    ),
    "lost_sites": Wording(
        "Lost sites",
        "genotypes",
        "near the ceiling",
        "Share of the sites with two alleles among held-out rows that have one in the synthetic rows. Rare alleles are lost by "
        "chance as well: the ceiling says how many.",
        "share of sites polymorphic in the reference and fixed in the table, equally many rows of each",
        "as in B. Yelmen et al., PLoS Genetics 17 (2021)",
        needs_holdout=True,
    ),
    "new_sites": Wording(
        "New sites",
        "genotypes",
        "near the ceiling",
        "Share of the sites with two alleles in the synthetic rows that have one among held-out rows: above the ceiling, alleles "
        "are made up.",
        "share of sites polymorphic in the table and fixed in the reference, equally many rows of each",
        "as for lost sites",
        needs_holdout=True,
    ),
    "missing_shares": Wording(
        "Missing shares by variant",
        "genotypes",
        "higher",
        "Whether variants that are often missing are often missing in the synthetic rows (1 = just so).",
        "Pearson's r over variants of the shares of missing values",
        "the project's own",
        needs_holdout=True,
    ),
    "hwe_failures": Wording(
        "Sites out of Hardy-Weinberg proportions",
        "genotypes",
        "near the ceiling",
        "Share of the sites with two alleles whose heterozygotes are too few or too many for random mating. In mixed or inbred "
        "populations that is so for real rows too: the ceiling counts.",
        "share of polymorphic sites with p < .001 by the exact test, in at most 1,000 rows; it has no interval",
        "J. E. Wigginton, D. J. Cutler, G. R. Abecasis, AJHG 76 (2005)",
        needs_holdout=True,
    ),
    "inbreeding": Wording(
        "Inbreeding by site",
        "genotypes",
        "higher",
        "Whether heterozygotes are too few at the same sites as in held-out rows. Where all sites are alike in that, the "
        "ceiling is low, and the figure says little.",
        "Pearson's r of 1 − observed / expected heterozygosity over sites with a minor allele frequency of .05 or more",
        "M. Nei, Genetics 89 (1978)",
        needs_holdout=True,
    ),
    "ld_r2": Wording(
        "Linkage disequilibrium",
        "genotypes",
        "higher",
        "Whether variants go together as they do in held-out rows (1 = just so, 0 = independent columns).",
        "Pearson's r of the upper triangles of the matrices of squared correlations, of all variants, or of 1,000 in random runs of "
        "50 neighbours; a variant that does not vary correlates 0",
        "W. G. Hill, A. Robertson, Theoretical and Applied Genetics 38 (1968)",
        needs_holdout=True,
    ),
    "f_st_sites": Wording(
        "Differentiation by site (F_ST)",
        "genotypes",
        "higher",
        "Whether the two populations differ at the same sites as in held-out rows (1 = just so).",
        "Pearson's r over variants of Hudson's F_ST between the two largest classes of the target",
        "G. Bhatia et al., Genome Research 23 (2013)",
        needs_holdout=True,
    ),
    "f_st": Wording(
        "Differentiation of the populations (F_ST)",
        "genotypes",
        "near the ceiling",
        "How far the two populations differ over all sites: above the ceiling they are driven apart, below they are mixed.",
        "Hudson's F_ST, a ratio of sums over sites, between the two largest classes of the target",
        "G. Bhatia et al., Genome Research 23 (2013)",
        needs_holdout=True,
    ),
    "aats": Wording(
        "Adversarial accuracy (AATS)",
        "genotypes",
        "near the ceiling",
        "The mean of the two shares below. It can be about right though both are wrong: read them.",
        "(mean 1[d_TS > d_TT] + mean 1[d_ST > d_SS]) / 2, T held-out and S synthetic rows, equally many; ties count for neither",
        _AATS_SOURCE,
        needs_holdout=True,
    ),
    "aats_truth": Wording(
        "AATS, held-out rows",
        "genotypes",
        "near the ceiling",
        "Share of held-out rows that are nearer to each other than to any synthetic row: above the ceiling, synthetic rows do "
        "not reach them; below, they stand too close.",
        "mean 1[d_TS > d_TT], Euclidean distance",
        _AATS_SOURCE,
        needs_holdout=True,
    ),
    "aats_synthetic": Wording(
        "AATS, synthetic rows",
        "genotypes",
        "near the ceiling",
        "Share of synthetic rows that are nearer to each other than to any held-out row: above the ceiling they keep to "
        "themselves, below they crowd into the middle of the real ones.",
        "mean 1[d_ST > d_SS], Euclidean distance",
        _AATS_SOURCE,
        needs_holdout=True,
    ),
}
"""By flat name, in the order of the report."""
