namespace Fovea.Training.Datasets;

/// <summary>A file that was left out of a data set.</summary>
/// <param name="File">The file's path.</param>
/// <param name="Reason">Why the file is not a readable image, as a sentence.</param>
internal sealed record SkippedFile(string File, string Reason);
