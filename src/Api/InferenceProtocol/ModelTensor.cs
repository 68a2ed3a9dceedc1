using Fovea.Models.Adoption;
using Fovea.Models.Runtime;

namespace Fovea.Api.InferenceProtocol;

/// <summary>
/// The input or the output of a model as the protocol shows it. For a file of other software it is the original tensor of the file, if a
/// transposition or a cast converts between it and the tensor that the service runs.
/// </summary>
/// <param name="Name">The name.</param>
/// <param name="Type">The type of the numbers.</param>
/// <param name="Shape">The dimensions; -1 for a free batch.</param>
/// <param name="ChannelsLast">Whether images are [H, W, C]; they are run as [C, H, W].</param>
internal sealed record ModelTensor(string Name, Datatype Type, IReadOnlyList<int> Shape, bool ChannelsLast = false)
{
    /// <summary>The dimensions after the batch size.</summary>
    public IReadOnlyList<long> Behind => [.. Shape.Skip(1).Select(d => (long)d)];

    public static ModelTensor InputOf(Classifier model) => Original(model.Original?.Input)
        ?? new(model.InputName, Datatype.Of(Models.Graphs.ElementType.Float), [Batch(model), .. model.Input.Dimensions]);

    public static ModelTensor OutputOf(Classifier model) => Original(model.Original?.Output)
        ?? new(model.OutputName, Datatype.Of(Models.Graphs.ElementType.Float), [Batch(model), model.Classes]);

    /// <summary>Converts images from [H, W, C] to [C, H, W] if their channels are last.</summary>
    /// <param name="images">The numbers of the images in the order of the request.</param>
    /// <returns>The numbers in the order [C, H, W], in which the model takes them.</returns>
    public float[] InOrder(float[] images)
    {
        int channels = Shape[^1];
        if (!ChannelsLast || channels == 1)
        {
            return images;
        }

        int pixels = Shape[1] * Shape[2], size = pixels * channels;
        var ordered = new float[images.Length];
        for (int i = 0; i < images.Length; i++)
        {
            var (image, inside) = Math.DivRem(i, size);
            var (pixel, channel) = Math.DivRem(inside, channels);
            ordered[(image * size) + (channel * pixels) + pixel] = images[i];
        }

        return ordered;
    }

    private static ModelTensor? Original(OriginalTensor? tensor) =>
        tensor is null ? null : new(tensor.Name, Datatype.Of(tensor.Type), tensor.Dimensions, tensor.ChannelsLast);

    private static int Batch(Classifier model) => model.FixedBatch ?? Models.Graphs.Shape.Free;
}
