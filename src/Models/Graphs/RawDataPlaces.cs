using Google.Protobuf;

namespace Fovea.Models.Graphs;

/// <summary>Finds where a model file stores the elements of its weights, without reading them.</summary>
internal static class RawDataPlaces
{
    // The numbers of the fields in onnx.proto: ModelProto.graph, GraphProto.initializer, TensorProto.name and TensorProto.raw_data.
    private const int Graph = 7, Initializer = 5, Name = 8, RawData = 9;

    /// <summary>Returns the offset and length in bytes of each weight's raw data, by the weight's name.</summary>
    /// <param name="file">The content of the file.</param>
    /// <exception cref="InvalidDataException">The content is not an ONNX file, or is damaged.</exception>
    public static Dictionary<string, (long Offset, long Length)> Find(ReadOnlySpan<byte> file)
    {
        var places = new Dictionary<string, (long, long)>();
        var model = new Fields(file, 0);
        while (model.Next())
        {
            var graph = model.Enter(Graph);
            while (graph.Next())
            {
                var tensor = graph.Enter(Initializer);
                (string? name, (long, long)? data) = (null, null);
                while (tensor.Next())
                {
                    name = tensor.Number == Name ? System.Text.Encoding.UTF8.GetString(tensor.Content) : name;
                    data = tensor.Number == RawData ? (tensor.Offset, tensor.Content.Length) : data;
                }

                if (name is not null && data is { } place)
                {
                    places[name] = place;
                }
            }
        }

        return places;
    }

    // The fields of one message; see https://protobuf.dev/programming-guides/encoding.
    private ref struct Fields(ReadOnlySpan<byte> message, long start)
    {
        private readonly ReadOnlySpan<byte> message = message;
        private int position;

        // The number of the present field; its content is empty unless it is a text, bytes or a message.
        public int Number { get; private set; }

        public ReadOnlySpan<byte> Content { get; private set; }

        public readonly long Offset => start + position - Content.Length;

        // The fields of the present field, or no fields if it has another number.
        public readonly Fields Enter(int number) => Number == number ? new(Content, Offset) : default;

        public bool Next()
        {
            if (position >= message.Length)
            {
                return false;
            }

            ulong tag = Varint();
            Number = (int)(tag >> 3);
            Content = default;
            switch ((WireFormat.WireType)(tag & 7))
            {
                case WireFormat.WireType.Varint:
                    Varint();
                    break;
                case WireFormat.WireType.Fixed64:
                    Skip(sizeof(ulong));
                    break;
                case WireFormat.WireType.Fixed32:
                    Skip(sizeof(uint));
                    break;
                case WireFormat.WireType.LengthDelimited:
                    int length = (int)Math.Min(Varint(), int.MaxValue);
                    Skip(length);
                    Content = message.Slice(position - length, length);
                    break;
                default:
                    throw new InvalidDataException($"A field has the wire type {tag & 7}; expected 0, 1, 2 or 5.");
            }

            return true;
        }

        private void Skip(int bytes) => position = bytes <= message.Length - position
            ? position + bytes
            : throw new InvalidDataException("A message ends within a field; expected a complete file.");

        private ulong Varint()
        {
            ulong value = 0;
            for (int shift = 0; shift < 64; shift += 7)
            {
                byte next = position < message.Length ? message[position] : throw new InvalidDataException("A number is incomplete.");
                Skip(1);
                value |= (ulong)(next & 0x7F) << shift;
                if (next < 0x80)
                {
                    return value;
                }
            }

            throw new InvalidDataException("A number has more than 64 bits.");
        }
    }
}
