using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Fovea.Api.Tests.FineTuning;
using Fovea.Api.Tests.Hosting;
using Fovea.Models.Architectures;
using Fovea.Models.Graphs;

namespace Fovea.Api.Tests.Documentation;

/// <summary>
/// A fresh copy of the repository beside a service that runs in it, for the commands of the documentation. It holds stand-ins for what a
/// reader brings or downloads: <c>photos/</c> (two classes of drawn shapes), <c>photo.jpg</c>, <c>data/mnist</c> (the tests' part of it),
/// <c>data/weights/resnet18.onnx</c> and <c>model.onnx</c> (small untrained networks).
/// </summary>
internal sealed class RepositoryCopy : IDisposable
{
    private const int ImagesOfEachClass = 20;

    private static readonly string[] LeftOut = ["bin", "obj", "data", ".git", ".vs", ".idea", "TestResults"];
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    // `dotnet run` would build; the programs are there already, and so is the service.
    private const string Prelude = """
        set -euo pipefail
        dotnet() {
          case "$*" in
            "run -c Release --project src/Training -- "*) command dotnet "$FOVEA_PROGRAMS/Fovea.Training.dll" "${@:7}" ;;
            "run -c Release --project src/Api -- "*) command dotnet "$FOVEA_PROGRAMS/Fovea.Api.dll" "${@:7}" ;;
            "run -c Release --project src/Api") ;;
            *) command dotnet "$@" ;;
          esac
        }
        curl() { command curl --silent --show-error --fail-with-body "${@//http:\/\/localhost:8080/$FOVEA_SERVICE}"; }

        """;

    private readonly TemporaryFolder folder = new();
    private readonly string address = $"http://localhost:{ServiceProcess.FreePort()}";
    private ServiceProcess? service;

    public RepositoryCopy()
    {
        Copy(DocumentPage.Root, folder.Path);
        foreach (var (path, bytes) in Shapes.Of(ImagesOfEachClass))
        {
            Write(Path.Combine("photos", path), bytes);
        }

        Write("photo.jpg", Images.Stroke(SkiaSharp.SKEncodedImageFormat.Jpeg, 96));
        Copy(Path.Combine(DocumentPage.Root, "tests", "Training.Tests", "mnist"), folder[Path.Combine("data", "mnist")]);
        var small = Catalog.Find("lenet5");
        OnnxFile.Write(small.Build(classes: 10, input: new Shape(3, 64, 64)), folder[Path.Combine("data", "weights", "resnet18.onnx")]);
        OnnxFile.Write(small.Build(classes: 3, input: new Shape(3, 224, 224)), folder["model.onnx"]);
    }

    /// <summary>Starts the service as <c>dotnet run</c> does, and waits until it is ready.</summary>
    public async Task Start()
    {
        service = new ServiceProcess(new Dictionary<string, string?>
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["ASPNETCORE_URLS"] = address,
            ["Fovea__ModelRepository"] = folder["onnx"],
            ["Fovea__Data"] = folder["data"],
        });
        using var client = new HttpClient();
        await Eventually.True(async () => await IsReady(client));
    }

    /// <summary>Runs blocks in one shell, so that a variable of one block is there in the next.</summary>
    /// <returns>The exit code, 0 where all commands did what their block says; and the output, with a heading for each block.</returns>
    public async Task<(int Code, string Output)> Run(IEnumerable<DocumentBlock> blocks)
    {
        var script = new StringBuilder(Prelude);
        foreach (var block in blocks)
        {
            script.Append(CultureInfo.InvariantCulture, $"echo '### line {block.Line}'\n");
            script.Append(block.Info == "sh fails"
                ? $"if ( {block.Text.Trim()} ); then echo 'expected to fail'; exit 1; fi\n"
                : block.Text);
        }

        var output = new StringBuilder();
        using var process = Process.Start(new ProcessStartInfo("bash", ["-c", $"exec 2>&1\n{script}"])
        {
            WorkingDirectory = folder.Path,
            RedirectStandardOutput = true,
            Environment = { ["FOVEA_PROGRAMS"] = AppContext.BaseDirectory, ["FOVEA_SERVICE"] = address },
        })!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Longest);
        try
        {
            while (await process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
            {
                output.AppendLine(line);
            }

            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, $"{output}");
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            return (-1, $"{output}\nIt took longer than {Longest}.");
        }
    }

    public void Dispose()
    {
        service?.Dispose();
        folder.Dispose();
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from).Where(file => !LeftOut.Contains(Path.GetFileName(file))))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }

        foreach (var inner in Directory.GetDirectories(from).Where(inner => !LeftOut.Contains(Path.GetFileName(inner))))
        {
            Copy(inner, Path.Combine(to, Path.GetFileName(inner)));
        }
    }

    private void Write(string path, byte[] bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(folder[path])!);
        File.WriteAllBytes(folder[path], bytes);
    }

    private async Task<bool> IsReady(HttpClient client)
    {
        try
        {
            using var answer = await client.GetAsync(new Uri($"{address}/health/ready"), TestContext.Current.CancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException e) when (e.InnerException is SocketException)
        {
            return false;
        }
    }
}
