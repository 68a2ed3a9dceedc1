using Fovea.Models;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;

namespace Fovea.Api;

/// <summary>
/// Receives a model: as the bytes of its .onnx file; or as a form with that file and, for one that says too little about itself, a model.json and a
/// .txt file of labels. Nothing is held in memory.
/// </summary>
internal sealed class ModelUpload(HttpRequest request, StagingFolder staging, int mostBytes)
{
    private const int MostBesideBytes = 16 << 20, MostFiles = 3;

    /// <summary>Writes the files into the folder.</summary>
    /// <exception cref="FoveaException">They are too large, or not those that were expected; or the folder cannot be written to.</exception>
    public async Task Receive(CancellationToken stop)
    {
        RequestBody.RefuseOver(RequestBody.IsMultipart(request) ? (long)mostBytes + (MostFiles * MostBesideBytes) : mostBytes, "The model", request.ContentLength);
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            // Counted here, against another limit than that of other requests.
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
            throw new FoveaException(ErrorCode.MalformedRequest, "The form has no .onnx file; expected one, and beside it at most a .json and a .txt file.");
        }
    }

    private async Task ReceiveForm(CancellationToken stop)
    {
        var reader = new MultipartReader(MultipartImages.Boundary(request), request.Body);
        for (int files = 1; await MultipartImages.Try(() => reader.ReadNextSectionAsync(CancellationToken.None)) is { } section; files++)
        {
            var header = section.GetContentDispositionHeader();
            var sent = header?.FileName is { Length: > 0 } file ? file.ToString().Trim('"') : header?.Name.ToString().Trim('"') ?? "";
            var name = Path.GetExtension(sent) switch
            {
                ".onnx" => VersionFolder.ModelFile,
                ".json" => VersionFolder.JsonFile,
                ".txt" when ArchivePath.Names(sent) is [_] && !sent.StartsWith('.') => StoredName(sent),
                _ => throw new FoveaException(
                    ErrorCode.MalformedRequest,
                    $"A file of the form is called '{ReadableText.Of(sent)}'; "
                        + "expected one .onnx file, and beside it at most a .json and a .txt file, without folders."),
            };
            if (files > MostFiles || File.Exists(Path.Combine(staging.Path, name)))
            {
                throw new FoveaException(
                    ErrorCode.MalformedRequest,
                    $"'{ReadableText.Of(sent)}' is one file too many; "
                        + "expected one .onnx file, and beside it at most a .json and a .txt file.");
            }

            await MultipartImages.Try(() => staging.Receive(section.Body, name, name == VersionFolder.ModelFile ? mostBytes : MostBesideBytes, stop));
        }
    }

    // The name under which model.json refers to the labels, so it is kept, where every file system can store it.
    private static string StoredName(string sent) => ArchivePath.WhyNot([sent]) is { } reason
        ? throw new FoveaException(ErrorCode.MalformedRequest, $"A file of the form cannot be stored. {reason}")
        : sent;
}
