using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Fovea.Api.Classification;
using Fovea.Api.Serving;
using Fovea.Models.Errors;

namespace Fovea.Api.InferenceProtocol;

/// <summary>The output that a request asks for: its name, type, shape and elements, which each protocol writes in its own form.</summary>
internal sealed class InferAnswer
{
    private readonly InferOutput output;
    private readonly ModelTensor tensor;

    /// <summary>Prepares an answer.</summary>
    /// <param name="served">The model that answers.</param>
    /// <param name="request">The request; null for a body without JSON, which is answered in JSON.</param>
    /// <exception cref="RefusalException">The request asks for an output that the model does not have, or for one output twice.</exception>
    public InferAnswer(ServedModel served, InferRequest? request)
    {
        (Served, tensor, Id) = (served, ModelTensor.OutputOf(served.Classifier), request?.Id);
        var outputs = request?.Outputs is { Count: > 0 } wanted ? wanted : [new(tensor.Name, null, null)];
        output = outputs is [var single] && single.Name == tensor.Name ? single
            : throw InferRequest.Malformed(
                $"The request asks for the outputs {string.Join(", ", outputs.Select(wanted => wanted.Name))}; "
                    + $"expected {tensor.Name}, once.");
        IsBinary = output.IsBinary ?? request?.IsBinary ?? false;
    }

    public ServedModel Served { get; }

    /// <summary>The id of the request; null if it has none.</summary>
    public string? Id { get; }

    /// <summary>Whether the elements are written as bytes.</summary>
    public bool IsBinary { get; }

    /// <summary>Whether the answer has only the highest elements with their labels, instead of the whole tensor.</summary>
    public bool IsLabels => output.Classes is not null;

    /// <summary>The output's name.</summary>
    public string Name => output.Name;

    /// <summary>The type of the elements: the tensor's type, or BYTES for labels.</summary>
    public string DatatypeName => IsLabels ? "BYTES" : Type.Name;

    /// <summary>The type of the tensor's numbers.</summary>
    public Datatype Type => tensor.Type;

    /// <summary>The dimensions of the output for a number of images.</summary>
    public IEnumerable<long> Shape(int images) =>
        IsLabels ? [images, Math.Min(output.Classes!.Value, Served.Classifier.Classes)] : tensor.Behind.Prepend(images);

    /// <summary>Refuses numbers that are not finite if the answer writes them as text. As bytes, any number can be written.</summary>
    /// <param name="logits">The logits of each image.</param>
    /// <exception cref="RefusalException"><c>ErrorCode.NonFiniteOutput</c>.</exception>
    public void RequireWritable(IReadOnlyList<float[]> logits)
    {
        if ((!IsBinary || IsLabels) && logits.Any(image => !image.All(IsWritable)))
        {
            throw ImageClassifier.NonFinite(Served);
        }

        // If the model outputs probabilities, a logit of minus infinity can be written: it becomes a probability of 0.
        bool IsWritable(float logit) => float.IsFinite(logit) || (Served.Classifier.GivesProbabilities && float.IsNegativeInfinity(logit));
    }

    /// <summary>The numbers of the output: the logits, or probabilities if the model ends in a softmax.</summary>
    public IReadOnlyList<float[]> Numbers(IReadOnlyList<float[]> logits) => Served.Classifier.GivesProbabilities
        ? [.. logits.Select(image => Array.ConvertAll(image, MathF.Exp))]
        : logits;

    /// <summary>The highest elements in the form of the classification extension, value:index:label.</summary>
    public IEnumerable<string> Labels(float[] numbers) => numbers.Index()
        .OrderByDescending(number => number.Item)
        .Take(output.Classes ?? int.MaxValue)
        .Select(number => string.Create(
            CultureInfo.InvariantCulture, $"{number.Item}:{number.Index}:{Served.Classifier.Labels[number.Index]}"));

    /// <summary>Writes the elements as bytes: little-endian numbers, or labels that each follow four bytes with their length.</summary>
    /// <param name="images">The numbers of each image.</param>
    /// <param name="bytes">Receives the bytes.</param>
    public void WriteBytes(IReadOnlyList<float[]> images, ArrayBufferWriter<byte> bytes)
    {
        foreach (var image in images)
        {
            if (!IsLabels)
            {
                int length = image.Length * Type.Size;
                Type.Write(image, bytes.GetSpan(length)[..length]);
                bytes.Advance(length);
                continue;
            }

            foreach (var label in Labels(image))
            {
                BinaryPrimitives.WriteUInt32LittleEndian(bytes.GetSpan(sizeof(uint)), (uint)Encoding.UTF8.GetByteCount(label));
                bytes.Advance(sizeof(uint));
                Encoding.UTF8.GetBytes(label, bytes);
            }
        }
    }
}
