using System.Globalization;
using System.Security.Cryptography;
using Fovea.Models;

namespace Fovea.Training;

/// <summary>Weights that torchvision publishes for a network of the catalog. A file's name ends with the first eight hexadecimal digits of its SHA-256.</summary>
internal sealed record PublishedWeights(string Network, string File)
{
    /// <summary>Where torchvision's files lie.</summary>
    public static readonly Uri Torchvision = new("https://download.pytorch.org/models/");

    private const long LargestFile = int.MaxValue;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>The files named IMAGENET1K_V1 in torchvision.</summary>
    public static IReadOnlyList<PublishedWeights> All { get; } =
    [
        new("alexnet-torchvision", "alexnet-owt-7be5be79.pth"),
        new("googlenet-bn", "googlenet-1378be20.pth"),
        new("vgg11", "vgg11-8a719046.pth"),
        new("vgg13", "vgg13-19584684.pth"),
        new("vgg16", "vgg16-397923af.pth"),
        new("vgg19", "vgg19-dcbb9e9d.pth"),
        new("resnet18", "resnet18-f37072fd.pth"),
        new("resnet34", "resnet34-b627a593.pth"),
        new("resnet50", "resnet50-0676ba61.pth"),
        new("resnet101", "resnet101-63fe2227.pth"),
        new("resnet152", "resnet152-394f9c45.pth"),
    ];

    /// <summary>The first digits of the file's SHA-256, in hexadecimal.</summary>
    public string Sha256Start => Path.GetFileNameWithoutExtension(File).Split('-')[^1];

    /// <summary>Downloads the file beside the output, checks it, imports it, and writes the network. The download is removed afterwards.</summary>
    /// <exception cref="FoveaException">The download fails or is not the file that was published, or the output cannot be written; nothing is left.</exception>
    public async Task Import(Uri source, string output, Action<string> tell, CancellationToken stop)
    {
        AtomicFile.EnsureWritable(output);
        var download = $"{output}.{Environment.ProcessId}.{File}.tmp";
        try
        {
            await Download(new Uri(source, File), download, tell, stop);
            ImportCommand.Write(Catalog.Find(Network), download, new ImportOptions(FileName: File, Dataset: "ImageNet-1k"), output, tell);
        }
        finally
        {
            System.IO.File.Delete(download);
        }
    }

    private async Task Download(Uri address, string path, Action<string> tell, CancellationToken stop)
    {
        try
        {
            using var client = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
            using var patient = CancellationTokenSource.CreateLinkedTokenSource(stop);
            patient.CancelAfter(Patience);
            using var response = await client.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, patient.Token);
            response.EnsureSuccessStatusCode();
            using var body = await response.Content.ReadAsStreamAsync(patient.Token);
            await using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None);
            var sum = await Copy(body, response.Content.Headers.ContentLength, file, tell, patient);
            if (!sum.StartsWith(Sha256Start, StringComparison.Ordinal))
            {
                throw new HttpRequestException($"it gave {file.Length} bytes with the SHA-256 {sum}, expected one that begins with {Sha256Start}");
            }
        }
        catch (Exception e) when (e is HttpRequestException or HttpIOException || (e is OperationCanceledException && !stop.IsCancellationRequested))
        {
            var reason = e is OperationCanceledException ? $"nothing came for {Patience.TotalSeconds} seconds" : e.Message.TrimEnd('.');
            throw new FoveaException(ErrorCode.DownloadFailed, $"{address} could not be downloaded: {reason}.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FoveaException(ErrorCode.CannotWrite, $"{path} cannot be written: {e.Message.TrimEnd('.')}. Expected a folder with space for the download.", e);
        }
    }

    // Tells at each tenth, where the length is known.
    private async Task<string> Copy(Stream body, long? length, FileStream file, Action<string> tell, CancellationTokenSource patient)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 18];
        long done = 0, tenth = 0;
        while (true)
        {
            patient.CancelAfter(Patience);
            int read = await body.ReadAsync(buffer, patient.Token);
            done += read;
            if (read == 0)
            {
                return Convert.ToHexStringLower(hash.GetHashAndReset());
            }

            if (done > LargestFile)
            {
                throw new HttpRequestException($"it gives more than {LargestFile} bytes");
            }

            hash.AppendData(buffer, 0, read);
            await file.WriteAsync(buffer.AsMemory(0, read), patient.Token);
            if (length > 0 && done * 10 / length.Value > tenth)
            {
                tenth = done * 10 / length.Value;
                tell(string.Create(CultureInfo.InvariantCulture, $"{File}: {done / 1e6:F1} of {length.Value / 1e6:F1} MB"));
            }
        }
    }
}
