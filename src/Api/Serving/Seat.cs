namespace Fovea.Api;

/// <summary>A place in a batch.</summary>
internal readonly record struct Seat(Gathering Batch, int Index)
{
    /// <summary>Writes the image, [C, H, W]; its logits, in time.</summary>
    /// <param name="fill">Writes every number.</param>
    /// <param name="stop">Once this is set before the run, the image is left out of it.</param>
    public Task<float[]> Write(Action<Span<float>> fill, CancellationToken stop) => Batch.Write(Index, fill, stop);
}
