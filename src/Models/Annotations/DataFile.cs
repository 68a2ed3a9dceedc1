namespace Fovea.Models.Annotations;

/// <summary>A file of a data set.</summary>
/// <param name="Index">The file's index in the list of files.</param>
/// <param name="Names">The file's path: the names of its folders, outermost first, and then the file name.</param>
internal sealed record DataFile(int Index, IReadOnlyList<string> Names)
{
    /// <summary>The file name without folders.</summary>
    public string Name => Names[^1];
}

/// <summary>A file of a data set that is not used.</summary>
/// <param name="Index">The file's index in the list of files.</param>
/// <param name="Part">The file's part of the data set; <c>null</c> if it is in no part.</param>
/// <param name="Reason">The reason, as a sentence.</param>
public sealed record UnusedFile(int Index, DataPart? Part, string Reason);
