using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Onnx;
using Fovea.Models.Quantization;
using ModelMetadata = Fovea.Models.Metadata.ModelMetadata;
using QuantizationRecord = Fovea.Models.Metadata.QuantizationRecord;

namespace Fovea.Models.Runtime;

/// <summary>
/// The quantised form of a model file that lies beside it, as <c>quantize</c> writes it: model.int8.onnx beside model.onnx. It can run in
/// place of the file only if its record names the file's content, if both gave the same answers, and if this processor computes it rightly.
/// </summary>
public sealed class QuantizedTwin
{
    /// <summary>The least share of images with the same answer, of those that calibrated and of those that judged.</summary>
    public const double LeastAgreement = 0.95;

    private const string Ending = ".int8.onnx";

    private readonly ModelBytes? bytes;
    private readonly Device device;

    private QuantizedTwin(ModelBytes? bytes, QuantizationRecord? record, Device device, string? refusal) =>
        (this.bytes, Record, this.device, Refusal) = (bytes, record, device, refusal);

    /// <summary>The facts about the quantisation; <c>null</c> if the file has none that can be read.</summary>
    public QuantizationRecord? Record { get; }

    /// <summary>The SHA-256 of the twin's content, in hexadecimal; <c>null</c> if the twin cannot be used.</summary>
    public string? Sha256 => Refusal is null ? bytes?.Sha256 : null;

    /// <summary>The reason why the twin is not used, a clause without a full stop; <c>null</c> if it can be used.</summary>
    public string? Refusal { get; private set; }

    /// <summary>Looks for the twin of a loaded file; <c>null</c> if there is none.</summary>
    internal static QuantizedTwin? Beside(Classifier model)
    {
        var path = Path.ChangeExtension(model.File, Ending);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            var outline = OnnxFile.Outline(path);
            var record = ModelMetadata.Read(OwnForm.PropertiesOf(outline)).Quantization;
            return new(ModelBytes.Of(path), record, model.Device, ReasonAgainst(model, outline, record));
        }
        catch (FoveaException e)
        {
            return new(null, null, model.Device, e.Message.TrimEnd('.'));
        }
    }

    /// <summary>Opens a session; <c>null</c> if the twin cannot be used. A file that cannot be opened is not tried again.</summary>
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

    private static string? ReasonAgainst(Classifier model, ModelOutline outline, QuantizationRecord? record) =>
        record is null || !OwnForm.Holds(outline) ? "it is not a file that quantize has written"
        : record.Source.Sha256 != model.Sha256 ? "it was made of another float file; quantize the present one"
        : !HasShape(outline, model) ? "its input or output differs from that of the float file"
        : Math.Min(record.CalibrationAgreement, record.Agreement) < LeastAgreement
            ? FormattableString.Invariant(
                $"its answers agree with those of the floats for {Math.Min(record.CalibrationAgreement, record.Agreement) * 100:F1} % of ")
                + FormattableString.Invariant($"images; expected at least {LeastAgreement * 100:F0} %")
        : record.WeightBits > IntegerProducts.WeightBits
            ? "its weights have 8 bits, and this processor has no VNNI, so sums may saturate; quantize with --weight-bits 7"
        : !model.CanRunSideBySide ? "the float file has more than 256 MiB, or it runs on CUDA or on one core"
        : null;

    private static bool HasShape(ModelOutline outline, Classifier model) =>
        outline.Graph.Input is [{ Type.TensorType.Shape.Dim: [var batch, var channels, var height, var width] }]
        && batch.DimValue == (model.FixedBatch ?? 0)
        && model.Input.ToInt64().SequenceEqual([channels.DimValue, height.DimValue, width.DimValue])
        && outline.Graph.Output is [{ Type.TensorType.Shape.Dim: [_, var classes] }] && classes.DimValue == model.Classes;
}
