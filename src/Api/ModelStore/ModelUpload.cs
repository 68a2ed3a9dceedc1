using Fovea.Models;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;

namespace Fovea.Api;

/// <summary>
/// Receives a model: the bytes of its .onnx file; or a form with that file, and a model.json and a .txt file of labels for a file that
/// lacks them. It writes them to the disk as they come, and holds nothing in memory.
/// </summary>
internal sealed class ModelUpload(HttpRequest request, StagingFolder staging, int mostBytes)
{
    private const int MostBesideBytes = 16 << 20, MostFiles = 3;

    private const string Expected = "expected one .onnx file, and beside it at most a .json and a .txt file";

    /// <summary>Writes the files into the folder.</summary>
    /// <exception cref="FoveaException">The files are too large, or are not those that were expected; or the folder cannot be written
    /// to.</exception>
    public async Task Receive(CancellationToken stop)
    {
        long most = RequestBody.IsMultipart(request) ? (long)mostBytes + (MostFiles * MostBesideBytes) : mostBytes;
        RequestBody.RefuseOver(most, "The model", request.ContentLength);
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            // Models have a limit of their own, which Receive counts against.
            limit.MaxRequestBodySize = null;
        }

        if (RequestBody.IsMultipart(request))
        {
            await ReceiveForm(stop);
        }
        else
        {
            await staging.Receive(request.Body, VersionFolder.ModelFile, mostBytes, stop);
        }

        if (!File.Exists(Path.Combine(staging.Path, VersionFolder.ModelFile)))
        {
            throw new FoveaException(ErrorCode.MalformedRequest, $"The form has no .onnx file; {Expected}.");
        }
    }

    private async Task ReceiveForm(CancellationToken stop)
    {
        var reader = new MultipartReader(MultipartImages.Boundary(request), request.Body);
        for (int files = 1; await MultipartImages.Try(() => reader.ReadNextSectionAsync(CancellationToken.None)) is { } section; files++)
        {
            var header = section.GetContentDispositionHeader();
            var sent = (header?.FileName is { Length: > 0 } file ? file : header?.Name ?? "").ToString().Trim('"');
            var name = Path.GetExtension(sent) switch
            {
                ".onnx" => VersionFolder.ModelFile,
                ".json" => VersionFolder.JsonFile,
                ".txt" => LabelsFile(sent),
                _ => throw Unexpected(sent),
            };
            if (files > MostFiles || File.Exists(Path.Combine(staging.Path, name)))
            {
                throw new FoveaException(ErrorCode.MalformedRequest, $"'{ReadableText.Of(sent)}' is one file too many; {Expected}.");
            }

            int most = name == VersionFolder.ModelFile ? mostBytes : MostBesideBytes;
            await MultipartImages.Try(() => staging.Receive(section.Body, name, most, stop));
        }
    }

    // The name becomes a file's, since model.json names it.
    private static string LabelsFile(string sent)
    {
        string[] names = ArchivePath.Names(sent);
        if (names.Length > 1 || ArchivePath.IsLeftover(names))
        {
            throw Unexpected(sent);
        }

        return ArchivePath.WhyNot(names) is { } reason
            ? throw new FoveaException(ErrorCode.MalformedRequest, $"A file of the form is called '{ReadableText.Of(sent)}'. {reason}")
            : sent;
    }

    private static FoveaException Unexpected(string sent) =>
        new(ErrorCode.MalformedRequest, $"A file of the form is called '{ReadableText.Of(sent)}'; {Expected}, without folders.");
}
