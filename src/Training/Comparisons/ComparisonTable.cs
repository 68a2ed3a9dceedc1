namespace Fovea.Training.Comparisons;

/// <summary>A table with a column for each run.</summary>
/// <param name="Title">The heading.</param>
/// <param name="Rows">The rows.</param>
internal sealed record ComparisonTable(string Title, IReadOnlyList<ComparisonRow> Rows);

/// <summary>A row of a table.</summary>
/// <param name="Name">The first cell.</param>
/// <param name="Cells">A cell for each run.</param>
internal sealed record ComparisonRow(string Name, IReadOnlyList<string> Cells);
