using System.Text.Json.Serialization;
using Fovea.Api.ModelRepository;
using Fovea.Api.Problems;
using Fovea.Api.Scheduling;
using Fovea.Api.Serving;
using Fovea.Models.Metadata;

namespace Fovea.Api.Diagnostics;

/// <summary>A loaded version of a model.</summary>
/// <param name="Name">The name of the model.</param>
/// <param name="Version">The number of the version.</param>
/// <param name="Serves">Whether this version answers requests that name no version.</param>
/// <param name="Provider">The device that runs the model: cpu or cuda.</param>
/// <param name="Reason">The reason for this device.</param>
/// <param name="BatchSizes">
/// The batch sizes in use, with their speed measured on this machine; empty until they are measured.
/// </param>
/// <param name="Requests">The number of requests in flight that the version has admitted.</param>
/// <param name="Int8">
/// Whether the twin of 8-bit integers, model.int8.onnx, is used, and the reason; left out if the version has no such twin.
/// </param>
/// <param name="Fp16">
/// Whether the twin of 16-bit floats, model.fp16.onnx, is used, and the reason; left out if the version has no such twin.
/// </param>
/// <param name="RewriteFailure">
/// The reason why the network runs as its file has it, and not in a form that may be faster; left out if rewriting has not failed.
/// </param>
internal sealed record LoadedModel(
    string Name,
    int Version,
    bool Serves,
    string Provider,
    string Reason,
    IReadOnlyList<MeasuredSize> BatchSizes,
    int Requests,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Int8,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Fp16,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? RewriteFailure)
{
    /// <summary>Lists the loaded versions of a model.</summary>
    public static IEnumerable<LoadedModel> Of(StoredModel model, PrivatePaths paths)
    {
        var now = model.Now;
        return from version in now.All.Distinct()
               where version.Served is not null
               let served = version.Served
               select new LoadedModel(
                   model.Name,
                   version.Number,
                   version == now.Serving,
                   served.Classifier.Device.Provider,
                   served.Classifier.Device.Reason,
                   served.Sizes,
                   served.Admission.Taken,
                   Said(QuantizedNumbers.Int8, served),
                   Said(QuantizedNumbers.Fp16, served),
                   served.Classifier.RewriteFailure is { } failure ? paths.RemoveFrom(failure) : null);
    }

    private static string? Said(QuantizedNumbers numbers, ServedModel served)
    {
        if (served.Classifier.Twins.FirstOrDefault(twin => twin.Numbers == numbers) is not { } twin)
        {
            return null;
        }

        var sizes = served.Sizes;
        if (twin is not { Refusal: null, Record: { } record })
        {
            return $"not used: {twin.Refusal}";
        }

        var agreement = $"float and {numbers.ToString().ToUpperInvariant()} give the same answer for "
            + FormattableString.Invariant($"{record.CalibrationAgreement * 100:F1} % of {record.Images} calibration images and ")
            + FormattableString.Invariant($"{record.Agreement * 100:F1} % of {record.JudgedImages} others");
        return sizes.Count == 0 ? $"not used yet: it is not measured; {agreement}"
            : sizes.Any(size => size.Kind.Quantized == numbers) ? $"used: it was measured to be faster here; {agreement}"
            : $"not used: it was not measured to be faster here; {agreement}";
    }
}
