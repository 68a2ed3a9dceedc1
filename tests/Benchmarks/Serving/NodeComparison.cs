using System.Diagnostics;

namespace Fovea.Benchmarks.Serving;

/// <summary>
/// Compares the service with a small server on Node that decodes with sharp and runs the same network in onnxruntime-node, in turns. The
/// server runs in both of its forms, one process on all cores and a process on each core. The packages are installed from npm into a
/// temporary folder.
/// </summary>
internal static class NodeComparison
{
    // The newest versions that npm had in November 2026. The service's ONNX Runtime is a minor version newer.
    private const string Sharp = "sharp@0.35.5", OnnxRuntime = "onnxruntime-node@1.30.0";

    private const string Script = "node-server.mjs";

    private const int Clients = 8, Pairs = 3;

    /// <summary>Measures one network with pictures of 4000 x 3000 pixels.</summary>
    /// <param name="models">Makes the network and the picture.</param>
    /// <param name="model">The network's name.</param>
    /// <param name="seconds">The length of a turn.</param>
    public static void Run(BenchmarkModels models, string model, int seconds)
    {
        var picture = models.Picture(4000, 3000, "jpg");
        var folder = Install();
        using var service = ServiceProcess.StartMeasured(models, model);
        var path = new Uri(service.Address, $"/classify/{model}");
        ServiceProcess.Wrk(path, picture, Clients, 2 * seconds);
        foreach (int processes in new[] { 1, Environment.ProcessorCount }.Distinct())
        {
            var address = new Uri($"http://127.0.0.1:{ServiceProcess.FreePort()}");
            using var node = Process.Start(
                "node", [Path.Combine(folder, Script), models.ModelFile(model), $"{address.Port}", $"{processes}"]);
            try
            {
                AwaitAnswer(address, File.ReadAllBytes(picture)).GetAwaiter().GetResult();
                ServiceProcess.Wrk(address, picture, Clients, seconds);
                var ratios = new List<double>();
                for (int i = 0; i < Pairs; i++)
                {
                    double served = ServiceProcess.Wrk(path, picture, Clients, seconds);
                    double other = ServiceProcess.Wrk(address, picture, Clients, seconds);
                    ratios.Add(served / other);
                    Console.WriteLine(
                        $"{model}, 4000x3000 JPEG, {Clients} clients: {served:F1} images/s; Node with sharp, {processes} "
                            + $"{(processes == 1 ? "process" : "processes")}: {other:F1}; ratio {ratios[^1]:F2}");
                }

                ratios.Sort();
                Console.WriteLine($"{model} beside Node: median ratio {ratios[Pairs / 2]:F2} (from {ratios[0]:F2} to {ratios[^1]:F2})");
            }
            finally
            {
                node.Kill(entireProcessTree: true);
                node.WaitForExit();
            }
        }
    }

    private static string Install()
    {
        var folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "fovea-benchmarks", "node")).FullName;
        File.Copy(Path.Combine(AppContext.BaseDirectory, Script), Path.Combine(folder, Script), overwrite: true);

        // By default the package also downloads its libraries for CUDA, which are hundreds of megabytes.
        Environment.SetEnvironmentVariable("ONNXRUNTIME_NODE_INSTALL", "skip");
        ServiceProcess.Run("npm", "install", "--prefix", folder, "--no-audit", "--no-fund", Sharp, OnnxRuntime);
        return folder;
    }

    private static async Task AwaitAnswer(Uri address, byte[] picture)
    {
        using var client = new HttpClient();
        for (var limit = Stopwatch.StartNew(); ; await Task.Delay(100))
        {
            try
            {
                using var answer = await client.PostAsync(address, new ByteArrayContent(picture));
                answer.EnsureSuccessStatusCode();
                return;
            }
            catch (HttpRequestException e) when (e.StatusCode is null && limit.Elapsed.TotalSeconds < 60)
            {
                // The server does not listen yet.
            }
        }
    }
}
