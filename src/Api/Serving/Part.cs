namespace Fovea.Api;

/// <summary>The images of a batch that are run together.</summary>
/// <param name="Batch">The batch.</param>
/// <param name="First">The first one's seat.</param>
/// <param name="Count">How many seats there are, at least 1.</param>
/// <param name="Spread">Whether the run takes all lanes, and not just one.</param>
internal readonly record struct Part(Gathering Batch, int First, int Count, bool Spread);
