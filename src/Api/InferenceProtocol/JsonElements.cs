using System.Text.Json;
using Fovea.Api.Requests;

namespace Fovea.Api.InferenceProtocol;

/// <summary>Elements in JSON: numbers, or image files in base64, in a list or in nested lists.</summary>
/// <param name="json">JSON that begins with the elements and may go on after them.</param>
internal sealed class JsonElements(ReadOnlyMemory<byte> json) : TensorElements
{
    /// <inheritdoc/>
    public override float[] Numbers(string name, Datatype type, long count)
    {
        // Two bytes of JSON hold at most one number.
        var numbers = new List<float>((int)Math.Min(count, json.Length / 2));
        var reader = new Utf8JsonReader(json.Span, new JsonReaderOptions { MaxDepth = RequestJson.MostDepth });
        for (int depth = 0; reader.Read();)
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartArray:
                    depth++;
                    break;
                case JsonTokenType.EndArray:
                    depth--;
                    break;
                case JsonTokenType.Number when reader.TryGetSingle(out float number):
                    numbers.Add(Rounded(name, type, number));
                    break;
                default:
                    throw InferRequest.Malformed(
                        $"The data of {name} holds a {reader.TokenType}; expected numbers, in lists or nested lists.");
            }

            if (depth == 0)
            {
                break;
            }
        }

        RefuseUnless(numbers.Count == count, name, $"{numbers.Count} numbers", $"{count}");
        return [.. numbers];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<ReadOnlyMemory<byte>> Files(string name, int count)
    {
        var files = new List<ReadOnlyMemory<byte>>();
        var reader = new Utf8JsonReader(json.Span, new JsonReaderOptions { MaxDepth = RequestJson.MostDepth });
        for (int depth = 0; files.Count <= count && reader.Read();)
        {
            depth += reader.TokenType switch
            {
                JsonTokenType.StartArray => 1,
                JsonTokenType.EndArray => -1,
                JsonTokenType.String => 0,
                _ => throw InferRequest.Malformed($"The data of {name} holds a {reader.TokenType}; expected image files in base64."),
            };
            if (reader.TokenType == JsonTokenType.String)
            {
                var text = new byte[reader.ValueSpan.Length + Base64Text.MostPadding];
                using var file = Base64Text.Decode(text, reader.CopyString(text)) ?? throw InferRequest.Malformed(
                    $"The data of {name} holds a string that is not base64; expected image files in base64, or data: URLs of them.");
                files.Add(file.Span.ToArray());
            }

            if (depth == 0)
            {
                break;
            }
        }

        return files;
    }
}
