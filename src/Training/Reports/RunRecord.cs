namespace Fovea.Training;

/// <summary>What a run hands to its report, besides the file it trained.</summary>
/// <param name="Epochs">Its epochs in order; none where the network was not trained by epochs.</param>
/// <param name="Settings">What it was told, by name.</param>
/// <param name="Seconds">How long it took, over all the times it was resumed.</param>
/// <param name="Base">The file that training began with; null for random weights.</param>
/// <param name="Refused">Files of the data set that were left out; null for none.</param>
internal sealed record RunRecord(
    IReadOnlyList<EpochDone> Epochs, IReadOnlyDictionary<string, string> Settings, double Seconds, string? Base = null, IReadOnlyList<RefusedFile>? Refused = null);
