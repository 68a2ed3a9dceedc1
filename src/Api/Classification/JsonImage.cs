using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>The body <c>{"image": "&lt;base64&gt;"}</c>. It is read without making strings of it.</summary>
internal static class JsonImage
{
    private const string Expected = """expected {"image": "<base64>"}, the bytes of an image file in base64""";

    // Base64 makes four characters of three bytes, and may have line breaks; the rest is for the JSON round it.
    private const int Around = 64 << 10;

    /// <summary>The size of the JSON that an image of so many bytes can take.</summary>
    public static int MostBytes(int imageBytes) => (int)Math.Min(int.MaxValue, imageBytes * 3L / 2 + Around);

    /// <summary>The bytes of the image.</summary>
    /// <exception cref="FoveaException">The body is not this JSON; or the image is empty or too large.</exception>
    public static PooledBytes Decode(ReadOnlySpan<byte> json, int mostBytes)
    {
        var image = DecodeBase64(Find(json));
        if (image.Memory.IsEmpty || image.Memory.Length > mostBytes)
        {
            int length = image.Memory.Length;
            image.Dispose();
            throw length == 0 ? new FoveaException(ErrorCode.EmptyBody, $"The image in the JSON is empty; {Expected}.") : RequestBody.TooLarge("The image in the JSON", mostBytes, length);
        }

        return image;
    }

    private static Utf8JsonReader Find(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        try
        {
            var found = default(Utf8JsonReader);
            bool isObject = reader.Read() && reader.TokenType == JsonTokenType.StartObject;
            while (isObject && reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool isImage = reader.ValueTextEquals("image");
                reader.Read();
                found = isImage ? reader : found;
                reader.Skip();
            }

            // Read to the end, so that what is broken behind the image is refused too.
            while (reader.Read())
            {
            }

            return found.TokenType == JsonTokenType.String ? found : throw new FoveaException(ErrorCode.MalformedRequest, $"The JSON has no text named image; {Expected}.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new FoveaException(ErrorCode.MalformedRequest, $"The body is not JSON: {e.Message.TrimEnd('.')}; {Expected}.", e);
        }
    }

    private static PooledBytes DecodeBase64(Utf8JsonReader reader)
    {
        var text = ArrayPool<byte>.Shared.Rent(reader.ValueSpan.Length);
        try
        {
            int length = reader.CopyString(text);
            return PooledBytes.Write(Base64.GetMaxDecodedFromUtf8Length(length), bytes => Base64.DecodeFromUtf8(text.AsSpan(0, length), bytes, out _, out int written) == OperationStatus.Done
                ? written
                : throw NotBase64());
        }
        catch (InvalidOperationException e)
        {
            // The reader says so where a text is not UTF-8.
            throw NotBase64(e);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(text);
        }
    }

    private static FoveaException NotBase64(Exception? cause = null) =>
        new(ErrorCode.MalformedRequest, $"The value of image is not base64; {Expected}, without a data: prefix.", cause);
}
