using System.Diagnostics;
using System.Globalization;
using Fovea.Benchmarks.Serving;
using Fovea.Models.TrainingEvents;

namespace Fovea.Benchmarks;

/// <summary>
/// Compares the commands that run a network on a folder of photos with the service on the same photos, in turn: the features pass of
/// <c>finetune --method head</c>, this whole command, and <c>classify</c>.
/// </summary>
internal static class FolderSpeeds
{
    private const int Clients = 8, WarmUpSeconds = 15;

    /// <summary>Prints the images per second of each, and their ratio to the service.</summary>
    /// <param name="folder">A data set with the folders train and val; it is copied.</param>
    /// <param name="model">A network's name, or an .onnx file.</param>
    /// <param name="turns">The number of turns.</param>
    public static async Task<int> Run(string folder, string model, int turns)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        var models = new BenchmarkModels();
        model = model.EndsWith(".onnx", StringComparison.Ordinal) ? models.Add(model) : model;
        var work = Directory.CreateTempSubdirectory("fovea-folder-").FullName;
        var data = Path.Combine(work, "data");
        Copy(folder, data);
        byte[][] photos = [.. Directory.EnumerateFiles(data, "*", SearchOption.AllDirectories).Order().Select(File.ReadAllBytes)];
        using var service = ServiceProcess.StartMeasured(models, model);
        await Served(service, model, photos, TimeSpan.FromSeconds(WarmUpSeconds));
        for (int turn = 0; turn < turns; turn++)
        {
            double served = await Served(service, model, photos);
            var (features, passed, whole) = Finetuned(models.ModelFile(model), data, Path.Combine(work, "tuned.onnx"));
            double classified = Classified(models.ModelFile(model), data, photos.Length, Path.Combine(work, "classes.txt"));
            Console.WriteLine(
                $"{model}, {photos.Length} photos: service with {Clients} clients {served:F1} images/s; features pass of {passed} images "
                    + $"{features:F1}, ratio {features / served:F2}; whole command {whole:F1} s, {passed / whole / served:F2}; classify "
                    + $"{classified:F1} images/s, {classified / served:F2}");
        }

        Directory.Delete(work, recursive: true);
        return 0;
    }

    // Images per second of clients that each wait for an answer; all photos once, or again and again for some time.
    private static async Task<double> Served(ServiceProcess service, string model, byte[][] photos, TimeSpan? time = null)
    {
        int next = 0, answered = 0;
        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) - 1 is var photo && (time is null ? photo < photos.Length : IsLeft(time.Value)))
            {
                using var body = new ByteArrayContent(photos[photo % photos.Length]);
                using var answer = await service.Client.PostAsync($"/classify/{model}", body);
                answer.EnsureSuccessStatusCode();
                Interlocked.Increment(ref answered);
            }
        })));
        return answered / Stopwatch.GetElapsedTime(start).TotalSeconds;

        bool IsLeft(TimeSpan most) => Stopwatch.GetElapsedTime(start) < most;
    }

    private static (double Features, int Images, double Seconds) Finetuned(string model, string data, string output)
    {
        long start = Stopwatch.GetTimestamp();
        var reader = new TrainingEventReader();
        var last = Fovea("finetune", model, "--data", data, "--method", "head", "--json-lines", "-o", output)
            .Split('\n').Select(reader.Read).OfType<FeaturesDone>().Last();
        return (last.ImagesPerSecond, last.Images, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    private static double Classified(string model, string data, int images, string output)
    {
        long start = Stopwatch.GetTimestamp();
        Fovea("classify", model, data, "--recursive", "-o", output);
        return images / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    // The trainer stops when its standard input ends, so this keeps it open.
    private static string Fovea(params string[] arguments)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Fovea.Training.dll");
        using var process = Process.Start(new ProcessStartInfo("dotnet", [program, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"fovea {string.Join(' ', arguments)} failed:\n{output}");
    }

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.WriteAllBytes(target, File.ReadAllBytes(file));
        }
    }
}
