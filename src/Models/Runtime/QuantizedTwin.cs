using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Onnx;
using Fovea.Models.Quantization;
using ModelMetadata = Fovea.Models.Metadata.ModelMetadata;
using QuantizationRecord = Fovea.Models.Metadata.QuantizationRecord;
using QuantizedNumbers = Fovea.Models.Metadata.QuantizedNumbers;

namespace Fovea.Models.Runtime;

/// <summary>
/// The quantised form of a model file, as the command <c>quantize</c> writes it beside the file: model.int8.onnx, of 8-bit integers, or
/// model.fp16.onnx, of 16-bit floats, beside model.onnx. It can replace the float file only if its record has the SHA-256 of the float
/// file, if both gave the same answers for enough images, and if this device computes it correctly.
/// </summary>
public sealed class QuantizedTwin
{
    /// <summary>
    /// The smallest share of images with the same answer, among the calibration images and among the other compared images, at which the
    /// twin is used.
    /// </summary>
    public const double LeastAgreement = 0.95;

    private readonly ModelBytes? bytes;
    private readonly Device device;

    private QuantizedTwin(QuantizedNumbers numbers, ModelBytes? bytes, QuantizationRecord? record, Device device, string? refusal) =>
        (Numbers, this.bytes, Record, this.device, Refusal) = (numbers, bytes, record, device, refusal);

    /// <summary>The numbers with which the twin computes, by its file's name.</summary>
    public QuantizedNumbers Numbers { get; }

    /// <summary>The record of the quantisation; <c>null</c> if the twin's file has none or cannot be read.</summary>
    public QuantizationRecord? Record { get; }

    /// <summary>The SHA-256 of the twin's content, in hexadecimal; <c>null</c> if the twin cannot be used.</summary>
    public string? Sha256 => Refusal is null ? bytes?.Sha256 : null;

    /// <summary>The reason why the twin cannot be used, as a clause without a full stop; <c>null</c> if it can be used.</summary>
    public string? Refusal { get; private set; }

    /// <summary>Finds the twins of a loaded model file: at most one of each kind of numbers.</summary>
    internal static IReadOnlyList<QuantizedTwin> Beside(Classifier model) =>
    [
        .. from numbers in Enum.GetValues<QuantizedNumbers>()
           let path = Path.ChangeExtension(model.File, numbers == QuantizedNumbers.Int8 ? ".int8.onnx" : ".fp16.onnx")
           where File.Exists(path)
           select Read(path, numbers, model),
    ];

    private static QuantizedTwin Read(string path, QuantizedNumbers numbers, Classifier model)
    {
        try
        {
            var outline = OnnxFile.Outline(path);
            var record = ModelMetadata.Read(OwnForm.PropertiesOf(outline)).Quantization;
            return new(numbers, ModelBytes.Of(path), record, model.Device, ReasonAgainst(model, outline, record, numbers));
        }
        catch (FoveaException e)
        {
            return new(numbers, null, null, model.Device, e.Message.TrimEnd('.'));
        }
    }

    /// <summary>
    /// Opens a session on the twin; <c>null</c> if the twin cannot be used. After a failure, later calls also return null.
    /// </summary>
    internal ModelSession? Open(SessionKind kind)
    {
        try
        {
            return Refusal is null && bytes is not null
                ? new(Sessions.Open(bytes.Path, bytes.Read(), device, onOneThread: !kind.Spread), kind)
                : null;
        }
        catch (FoveaException e)
        {
            Refusal = e.Message.TrimEnd('.');
            return null;
        }
    }

    private static string? ReasonAgainst(Classifier model, ModelOutline outline, QuantizationRecord? record, QuantizedNumbers numbers) =>
        record is null || !OwnForm.Holds(outline) ? "it is not a file that quantize wrote"
        : record.Source.Sha256 != model.Sha256 ? "it was made from another float file; quantize the present float file"
        : record.Numbers != numbers ? $"its numbers are {Name(record.Numbers)}; expected {Name(numbers)}, as its name says"
        : !HasShape(outline, model) ? "its input or output has another shape than in the float file"
        : Math.Min(record.CalibrationAgreement, record.Agreement) < LeastAgreement
            ? FormattableString.Invariant(
                $"its answers agree with the float file's for {Math.Min(record.CalibrationAgreement, record.Agreement) * 100:F1} % of the ")
                + FormattableString.Invariant($"images; expected at least {LeastAgreement * 100:F0} %")
        : numbers == QuantizedNumbers.Int8 && record.WeightBits > IntegerProducts.WeightBits
            ? "its weights have 8 bits, and this processor has no VNNI, so sums may saturate; quantize with --weight-bits 7"
        : model.CanRunSideBySide || (model.Device.IsCuda && numbers == QuantizedNumbers.Fp16) ? null
        : model.Device.IsCuda ? "it runs on CUDA, which has no convolution of integers in this form"
        : "the float file has more than 256 MiB, or it runs on one core";

    private static string Name(QuantizedNumbers numbers) => numbers == QuantizedNumbers.Int8 ? "8-bit integers" : "16-bit floats";

    private static bool HasShape(ModelOutline outline, Classifier model) =>
        outline.Graph.Input is [{ Type.TensorType.Shape.Dim: [var batch, var channels, var height, var width] }]
        && batch.DimValue == (model.FixedBatch ?? 0)
        && model.Input.ToInt64().SequenceEqual([channels.DimValue, height.DimValue, width.DimValue])
        && outline.Graph.Output is [{ Type.TensorType.Shape.Dim: [_, var classes] }] && classes.DimValue == model.Classes;
}
