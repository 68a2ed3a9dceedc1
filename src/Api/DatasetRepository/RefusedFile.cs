using Fovea.Api.Problems;

namespace Fovea.Api.DatasetRepository;

/// <summary>A file of an archive that was left out of the data set.</summary>
/// <param name="File">The path in the archive, shortened to 500 characters.</param>
/// <param name="Reason">The reason why it was left out, as a sentence.</param>
internal sealed record RefusedFile(string File, string Reason)
{
    private const int MostPath = 500;

    /// <summary>The path in the archive, shortened to 500 characters.</summary>
    public string File { get; } = ReadableText.Shortened(File, MostPath);
}
