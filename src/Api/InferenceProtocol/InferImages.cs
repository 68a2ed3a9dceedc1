using System.Globalization;
using System.Numerics.Tensors;
using Fovea.Api.Problems;
using Fovea.Models.Imaging;
using Fovea.Models.Runtime;

namespace Fovea.Api.InferenceProtocol;

/// <summary>
/// The images of a request to infer: one tensor of preprocessed images, or image files, which the model preprocesses.
/// </summary>
/// <param name="Tensor">The preprocessed images, [count, C, H, W] as they are run; null if there are files.</param>
/// <param name="Files">The image files; null if there is a tensor.</param>
/// <param name="Count">The number of images.</param>
internal sealed record InferImages(float[]? Tensor, IReadOnlyList<ReadOnlyMemory<byte>>? Files, int Count)
{
    private const string Bytes = "BYTES";

    /// <summary>Reads the images of a request.</summary>
    /// <exception cref="ServiceException">
    /// <see cref="ServiceError.MalformedRequest"/>: the request does not have exactly one input, or the input does not fit the model.
    /// </exception>
    public static InferImages Of(InferRequest request, Classifier model, int most)
    {
        var tensor = ModelTensor.InputOf(model);
        var names = request.Inputs.Select(given => given.Name).ToArray();
        if (names.Distinct().Count() != names.Length || names.Any(name => name != tensor.Name))
        {
            throw InferRequest.Malformed($"The request has the inputs {string.Join(", ", names)}; expected {tensor.Name}, once.");
        }

        var input = request.Inputs is [var single]
            ? single
            : throw InferRequest.Malformed($"The request has no input; expected {tensor.Name}.");
        if (input.Datatype == tensor.Type.Name)
        {
            int images = Batch(input, most, tensor.Behind);
            long size = tensor.Behind.Aggregate((long)images, (product, d) => product * d);
            return new(InOrder(input.Elements.Numbers(input.Name, tensor.Type, size), tensor), null, images);
        }

        if (input.Datatype != Bytes)
        {
            throw InferRequest.Malformed(
                $"{input.Name} has the datatype {input.Datatype}; expected {tensor.Type.Name}, or {Bytes} for image files.");
        }

        int count = Batch(input, most, input.Shape.Count == 2 ? [1] : []);
        var files = input.Elements.Files(input.Name, count);
        TensorElements.RefuseUnless(files.Count == count, input.Name, $"{files.Count} elements", $"{count}");
        return new(null, files, count);
    }

    /// <summary>Reads a body without JSON, which is one image.</summary>
    /// <exception cref="ServiceException">
    /// <see cref="ServiceError.MalformedRequest"/>: the body is not an image file and does not have the length of a tensor of one image.
    /// </exception>
    public static InferImages OfRaw(ReadOnlyMemory<byte> body, Classifier model)
    {
        if (ImageFormat.Of(body.Span) is { IsDecoded: true })
        {
            return new(null, [body], 1);
        }

        var tensor = ModelTensor.InputOf(model);
        long bytes = model.Input.Size * tensor.Type.Size;
        return body.Length == bytes
                ? new(InOrder(new RawElements(body).Numbers(tensor.Name, tensor.Type, model.Input.Size), tensor), null, 1)
            : ImageFormat.Of(body.Span) is not null ? throw ImageFormat.NotDecoded(body.Span, body.Length)
            : throw InferRequest.Malformed(
                $"The body has {body.Length} bytes and is not an image file; expected an image file, or the {bytes} bytes of one "
                    + $"{new Models.Graphs.Shape([.. tensor.Shape.Skip(1)])} tensor of {tensor.Type.Name}.");
    }

    private static int Batch(InferInput input, int most, IReadOnlyList<long> behind) =>
        input.Shape.Count == behind.Count + 1
            && input.Shape.Skip(1).SequenceEqual(behind)
            && input.Shape[0] is > 0
            && input.Shape[0] <= most
            ? (int)input.Shape[0]
                : throw InferRequest.Malformed(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{input.Name} has the shape [{string.Join(", ", input.Shape)}]; expected [{string.Join(", ", behind.Prepend(-1))}] of "
                        + $"{input.Datatype}, the first from 1 to {most}."));

    private static float[] InOrder(float[] numbers, ModelTensor tensor) =>
        float.IsFinite(TensorPrimitives.MaxMagnitude<float>(numbers))
            ? tensor.InOrder(numbers)
            : throw InferRequest.Malformed(
                $"The data of {tensor.Name} holds a number that is not finite; expected finite numbers.");
}
