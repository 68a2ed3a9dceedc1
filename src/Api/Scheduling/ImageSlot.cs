namespace Fovea.Api.Scheduling;

/// <summary>The slot of one image in a batch.</summary>
/// <param name="Batch">The batch.</param>
/// <param name="Index">The index of the slot, from 0.</param>
internal readonly record struct ImageSlot(ImageBatch Batch, int Index)
{
    /// <summary>Writes the image, which then waits for its logits.</summary>
    /// <param name="fill">Writes the whole image, preprocessed, as [C, H, W] numbers.</param>
    /// <param name="stop">If this is cancelled before the run, the image is left out of the run.</param>
    public PendingImage Write(Action<Span<float>> fill, CancellationToken stop) => Batch.Write(Index, fill, stop);
}
