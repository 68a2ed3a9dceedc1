using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json.Serialization;
using Fovea.Models.Runtime;
using Microsoft.ML;
using SkiaSharp;

namespace Fovea.Training.Reports;

/// <summary>The versions of everything that affects the results of a run. The JSON names are part of the format of reports.</summary>
/// <param name="Fovea">Fovea.</param>
/// <param name="OnnxRuntime">ONNX Runtime, which trains and evaluates.</param>
/// <param name="MlNet">ML.NET, which trains heads.</param>
/// <param name="SkiaSharp">SkiaSharp, which decodes images.</param>
/// <param name="DotNet">.NET.</param>
/// <param name="Machine">The operating system, the kind of processor and the number of processors.</param>
internal sealed record InstalledVersions(
    [property: JsonPropertyName("Fovea")] string Fovea,
    [property: JsonPropertyName("ONNX Runtime")] string OnnxRuntime,
    [property: JsonPropertyName("ML.NET")] string MlNet,
    [property: JsonPropertyName("SkiaSharp")] string SkiaSharp,
    [property: JsonPropertyName(".NET")] string DotNet,
    [property: JsonPropertyName("System")] string Machine)
{
    /// <summary>The versions of this process.</summary>
    public static InstalledVersions Now { get; } = new(
        VersionOf(typeof(Classifier)),
        Sessions.Version,
        VersionOf(typeof(MLContext)),
        VersionOf(typeof(SKBitmap)),
        Environment.Version.ToString(),
        $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}, {Environment.ProcessorCount} processors");

    /// <summary>Returns the names and values, as a page shows them.</summary>
    public IEnumerable<(string Name, string Value)> Facts() =>
    [
        ("Fovea", Fovea), ("ONNX Runtime", OnnxRuntime), ("ML.NET", MlNet), ("SkiaSharp", SkiaSharp), (".NET", DotNet), ("System", Machine),
    ];

    // An informational version continues with "-" and a prerelease tag or "+" and a commit; both are cut off.
    private static string VersionOf(Type type) =>
        type.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+', '-')[0]
        ?? type.Assembly.GetName().Version!.ToString();
}
