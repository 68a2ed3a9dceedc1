using System.Xml.Linq;
using Fovea.Models.Runtime;

namespace Fovea.Benchmarks.Gpu;

/// <summary>Runs the tests that take the device from FOVEA_TEST_DEVICE: one row for each class, with the names of failed tests.</summary>
internal static class DeviceTestRuns
{
    private static readonly (string Project, string[] Classes)[] Tests =
    [
        ("Models.Tests", ["DeviceTests", "DeviceGradientTests", "TrainingRewritesTests", "HalfPrecisionTests", "QuantizedTwinTests"]),
        (
            "Training.Tests",
            [
                "NetworkGradientTests", "DeviceTrainingTests", "BufferBindingTests", "FloatBufferTests", "GradientAccumulatorTests",
                "BatchFeedTests",
            ]),
    ];

    public static IEnumerable<CheckRow> Rows(DeviceChoice choice)
    {
        foreach (var (project, classes) in Tests)
        {
            if (Program(project) is not { } program)
            {
                yield return new(project, $"the program is not built: Fovea.{project}.dll", null);
                continue;
            }

            foreach (var row in classes.SelectMany(name => Results(program, name, choice)))
            {
                yield return row;
            }
        }
    }

    // Finds the tests in the bundle, beside the folder of this program, or in the repository's build.
    private static string? Program(string project)
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory);
        string[] places =
        [
            Path.Combine(own.Parent!.FullName, project),
            own.FullName.Replace($"{Path.DirectorySeparatorChar}Benchmarks{Path.DirectorySeparatorChar}",
                $"{Path.DirectorySeparatorChar}{project}{Path.DirectorySeparatorChar}", StringComparison.Ordinal),
        ];
        return places.Select(place => Path.Combine(place, $"Fovea.{project}.dll")).FirstOrDefault(File.Exists);
    }

    private static IEnumerable<CheckRow> Results(string program, string name, DeviceChoice choice)
    {
        var file = Path.GetTempFileName();
        var (code, output, error) = CheckProcess.Run(
            "dotnet",
            [program, "-class", $"*.{name}", "-noLogo", "-noColor", "-result-xml", file],
            ("FOVEA_TEST_DEVICE", $"{choice}".ToLowerInvariant()));
        var text = File.ReadAllText(file);
        File.Delete(file);
        XElement[] tests = text.Length == 0 ? [] : [.. XDocument.Parse(text).Descendants("test")];
        var failed = tests.Where(test => (string?)test.Attribute("result") == "Fail").ToArray();
        if (tests.Length == 0)
        {
            // A class that this version of the tests lacks gives no tests.
            return [new(name, $"no test ran: {(error + output).Trim().Split('\n')[^1]}", code is 0 or 8 ? null : false)];
        }

        return
        [
            new(name, $"{tests.Length - failed.Length} of {tests.Length} tests passed", failed.Length == 0),
            .. failed.Select(test => new CheckRow(
                $"  {(string?)test.Attribute("name")}",
                test.Descendants("message").FirstOrDefault()?.Value.Split('\n')[0] ?? "",
                false)),
        ];
    }
}
