namespace Fovea.Benchmarks.Gpu;

/// <summary>A row of the table of checks.</summary>
/// <param name="Name">What was checked.</param>
/// <param name="Figure">What was found.</param>
/// <param name="Passed">Whether it is as expected; null: the check could not be made, and <paramref name="Figure"/> says why.</param>
internal sealed record CheckRow(string Name, string Figure, bool? Passed)
{
    /// <summary>Returns the row as a line of the table.</summary>
    public override string ToString() => $"{(Passed is { } passed ? passed ? "ok  " : "FAIL" : "-   ")}  {Name,-58}  {Figure}";
}
